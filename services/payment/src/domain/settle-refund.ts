import type { ChargeRefund } from "./charge.ts";
import { type NewTransfer, refundFailedTransfer, refundSucceededTransfer } from "./ledger.ts";
import { sameMoney } from "./money.ts";
import type { Payment } from "./payment.ts";
import type { Refund, RefundState } from "./refund.ts";

/** The events of a refund's life that others are told. */
export type RefundEvent = "RefundSucceeded" | "RefundFailed";

/** One decision about a refund, with what it does to its payment. */
export type RefundSettlement = {
  readonly payment: Payment;
  readonly refund: Refund;
  readonly event: RefundEvent | undefined;
  readonly transfers: readonly NewTransfer[];
};

/** Takes the gateway's word about a refund; what has ended stays ended. Undefined: nothing new. (PY-07) */
export function settleRefund(
  payment: Payment,
  refund: Refund,
  heard: ChargeRefund,
  at: Temporal.Instant,
): RefundSettlement | undefined {
  if (refund.state === "SUCCEEDED" || refund.state === "FAILED") return undefined;
  const known = { ...refund, gatewayId: refund.gatewayId ?? heard.gatewayId };
  // Another amount under our operation id: kept as unknown for a person to look at, never counted as given back.
  if (!sameMoney(refund.amount, heard.amount)) return step(payment, known, "UNKNOWN", "amount_mismatch", at);
  switch (heard.status) {
    case "pending":
      return step(payment, known, "PENDING", undefined, at);
    case "succeeded":
      return {
        payment: {
          ...payment,
          refundedMinor: payment.refundedMinor + refund.amount.amountMinor,
          version: payment.version + 1n,
          updateTime: at,
        },
        refund: moved(known, "SUCCEEDED", undefined, at),
        event: "RefundSucceeded",
        transfers: [refundSucceededTransfer(payment, refund)],
      };
    case "failed":
      return failRefund(payment, known, heard.failure ?? "gateway_refused", at);
  }
}

/** Ends a refund that the gateway will not make; its amount may be refunded anew. Undefined: it had ended before. */
export function failRefund(
  payment: Payment,
  refund: Refund,
  failure: string,
  at: Temporal.Instant,
): RefundSettlement | undefined {
  if (refund.state === "SUCCEEDED" || refund.state === "FAILED") return undefined;
  return {
    payment: {
      ...payment,
      refundReservedMinor: payment.refundReservedMinor - refund.amount.amountMinor,
      version: payment.version + 1n,
      updateTime: at,
    },
    refund: moved(refund, "FAILED", failure, at),
    event: "RefundFailed",
    transfers: [refundFailedTransfer(payment, refund)],
  };
}

/** Notes that the gateway's answer to a refund was lost; it is asked until it is known. */
export function loseRefundAnswer(payment: Payment, refund: Refund, at: Temporal.Instant): RefundSettlement | undefined {
  return refund.state === "REQUESTED" ? step(payment, refund, "UNKNOWN", "no_answer", at) : undefined;
}

function step(
  payment: Payment,
  refund: Refund,
  state: "PENDING" | "UNKNOWN",
  failure: string | undefined,
  at: Temporal.Instant,
): RefundSettlement | undefined {
  if (refund.state === state && refund.failure === failure) return undefined;
  return { payment, refund: moved(refund, state, failure, at), event: undefined, transfers: [] };
}

function moved(refund: Refund, state: RefundState, failure: string | undefined, at: Temporal.Instant): Refund {
  return { ...refund, state, failure, version: refund.version + 1n, updateTime: at };
}
