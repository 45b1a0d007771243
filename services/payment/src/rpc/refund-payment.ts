import type { HandlerContext } from "@connectrpc/connect";
import {
  type Payment as PaymentMessage,
  PaymentService,
  type RefundPaymentRequest,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { callOf, isOperator, PlatformError } from "@dawr/rpc";
import { addStep } from "@dawr/runtime";
import { once } from "@dawr/store";
import { requestRefund } from "../domain/request-refund.ts";
import { idOf } from "../names.ts";
import type { Deps } from "../settling/deps.ts";
import { refundRunner } from "../settling/refund-steps.ts";
import { writeTransfers } from "../store/ledger.ts";
import { lockPayment, savePayment } from "../store/payments.ts";
import { insertRefund, refundsOf } from "../store/refunds.ts";
import { callerOf } from "./caller-of.ts";
import { paymentToProto } from "./payment-to-proto.ts";

/**
 * Refunds a payment in full or in part, its fee only for the platform's own people and services: the intent, what it moves in the ledger, and the step that calls the gateway are
 * stored together; how it ended is told by RefundSucceeded or RefundFailed. (PY-07)
 */
export const refundPaymentRpc =
  (deps: Deps) =>
  (request: RefundPaymentRequest, context: HandlerContext): Promise<PaymentMessage> => {
    const actor = callerOf(context);
    const mayRefundFee = isOfThePlatform(context);
    return once(deps.store, { actor, method: PaymentService.method.refundPayment, request }, async (tx) => {
      const payment = await lockPayment(tx, idOf(request.name));
      if (payment === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
      const earlier = await refundsOf(tx, [payment.id]);
      const at = deps.now();
      const change = requestRefund(
        payment,
        earlier,
        {
          id: deps.newId(),
          operationId: deps.newId(),
          amountMinor: request.amount?.amountMinor,
          currencyCode: request.amount?.currencyCode ?? payment.amount.currencyCode,
          mayRefundFee,
          cause: request.reason,
          requestedBy: actor,
        },
        at,
      );
      savePayment(tx, change.payment);
      insertRefund(tx, change.refund);
      writeTransfers(tx, change.transfers, deps.newId, at);
      addStep(tx, {
        runner: refundRunner,
        key: payment.id,
        name: "refund",
        payload: { refund: change.refund.id },
      });
      return paymentToProto(change.payment, [...earlier, change.refund], { showsPayUrl: false });
    });
  };

/** Whether an operator asks, or a service, which has decided by its own rules what goes back; else it is a member. */
function isOfThePlatform(context: HandlerContext): boolean {
  const { actor, workload } = callOf(context);
  return workload !== undefined || (actor !== undefined && isOperator(actor));
}
