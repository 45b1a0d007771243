import type { HandlerContext } from "@connectrpc/connect";
import {
  Payment_State,
  type Payment as PaymentMessage,
  PaymentService,
  type ResolvePaymentRequest,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { PlatformError } from "@dawr/rpc";
import { once } from "@dawr/store";
import { resolvePayment } from "../domain/settle-charge.ts";
import { idOf } from "../names.ts";
import type { Deps } from "../settling/deps.ts";
import { storeChange } from "../settling/store-change.ts";
import { lockPayment } from "../store/payments.ts";
import { refundsOf } from "../store/refunds.ts";
import { recordResolution } from "../store/resolutions.ts";
import { callerOf } from "./caller-of.ts";
import { paymentToProto } from "./payment-to-proto.ts";

/** Settles a payment in UNKNOWN by hand; who did, and how they knew, is kept for ever. (PY-11) */
export const resolvePaymentRpc =
  (deps: Deps) =>
  (request: ResolvePaymentRequest, context: HandlerContext): Promise<PaymentMessage> => {
    const actor = callerOf(context);
    return once(deps.store, { actor, method: PaymentService.method.resolvePayment, request }, async (tx) => {
      const payment = await lockPayment(tx, idOf(request.name));
      if (payment === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
      const at = deps.now();
      const state = request.state === Payment_State.SUCCEEDED ? "SUCCEEDED" : "FAILED";
      const resolved = await storeChange(tx, deps, resolvePayment(payment, state, deps.rules, at));
      await recordResolution(tx, resolved, { resolvedBy: actor, note: request.note, at });
      return paymentToProto(resolved, await refundsOf(tx, [resolved.id]), { showsPayUrl: false });
    });
  };
