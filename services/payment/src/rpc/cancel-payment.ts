import type { HandlerContext } from "@connectrpc/connect";
import {
  type CancelPaymentRequest,
  type Payment as PaymentMessage,
  PaymentService,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { PlatformError } from "@dawr/rpc";
import { once, replayed } from "@dawr/store";
import { PaymentError } from "../domain/errors.ts";
import { cancelUnsent, settleCharge } from "../domain/settle-charge.ts";
import { GatewaySilence } from "../gateways/gateway.ts";
import { idOf, paymentName } from "../names.ts";
import { type Deps, gatewayOf } from "../settling/deps.ts";
import { storeChange } from "../settling/store-change.ts";
import { findPayment, lockPayment } from "../store/payments.ts";
import { callerOf } from "./caller-of.ts";
import { paymentToProto } from "./payment-to-proto.ts";

/**
 * Cancels a payment that was not made, at the gateway first; one that went through meanwhile is settled instead, and
 * refused with PAYMENT_STATE_WRONG.
 */
export const cancelPaymentRpc =
  (deps: Deps) =>
  async (request: CancelPaymentRequest, context: HandlerContext): Promise<PaymentMessage> => {
    const { store } = deps;
    const call = { actor: callerOf(context), method: PaymentService.method.cancelPayment, request };
    const known = await replayed(store, call);
    if (known !== undefined) return known;

    const id = idOf(request.name);
    const before = await store.read((tx) => findPayment(tx, id));
    if (before === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
    const charge = await cancelAtGateway(deps, before);
    const payment = await store.transaction(async (tx) => {
      const current = await lockPayment(tx, id);
      if (current === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
      const change =
        charge === undefined
          ? cancelUnsent(current, deps.rules, deps.now())
          : settleCharge(current, charge, deps.rules, deps.now());
      return change === undefined ? current : storeChange(tx, deps, change);
    });
    if (payment.state !== "CANCELLED") throw new PaymentError("PAYMENT_STATE_WRONG", { state: payment.state });
    return once(store, call, async () => paymentToProto(payment, [], { showsPayUrl: false }));
  };

async function cancelAtGateway(deps: Deps, payment: Parameters<typeof settleCharge>[0]) {
  if (payment.state === "SUCCEEDED" || payment.state === "CANCELLED") return undefined;
  try {
    return await gatewayOf(deps, payment.gateway).cancelCharge(payment);
  } catch (cause) {
    if (!(cause instanceof GatewaySilence)) throw cause;
    throw new PaymentError("GATEWAY_UNAVAILABLE", { payment: paymentName(payment.id) }, { cause });
  }
}
