import { PaymentError } from "./errors.ts";
import { type NewTransfer, refundRequestedTransfer } from "./ledger.ts";
import type { Parts, Payment } from "./payment.ts";
import type { Refund } from "./refund.ts";
import { splitRefund } from "./split-refund.ts";

/** A refund that somebody asks for. */
export type RefundRequest = {
  readonly id: string;
  readonly operationId: string;
  /** In minor units of the payment's currency; undefined: all that is left and that may be given back. */
  readonly amountMinor: bigint | undefined;
  /** Whether the platform's fee may be given back too. */
  readonly mayRefundFee: boolean;
  readonly currencyCode: string;
  readonly cause: string;
  readonly requestedBy: string;
};

/** The payment with the amount set aside, the refund as an intent, and what they move in the ledger. */
export type RefundChange = {
  readonly payment: Payment;
  readonly refund: Refund;
  readonly transfers: readonly NewTransfer[];
};

/**
 * Sets aside an amount of a paid payment to be given back; `earlier` are the payment's refunds. Throws PAYMENT_STATE_WRONG,
 * AMOUNTS_INCONSISTENT, REFUND_EXCEEDS_PAYMENT, and REFUND_EXCEEDS_PRICE when it would touch a fee that the asker may not
 * give back. (PY-07)
 */
export function requestRefund(
  payment: Payment,
  earlier: readonly Refund[],
  request: RefundRequest,
  at: Temporal.Instant,
): RefundChange {
  if (payment.state !== "SUCCEEDED")
    throw new PaymentError("PAYMENT_STATE_WRONG", { payment: `payments/${payment.id}`, state: payment.state });
  const { currencyCode } = payment.amount;
  const left = partsLeft(payment, earlier);
  const leftMinor = payment.amount.amountMinor - payment.refundReservedMinor;
  // The fee is the platform's to give back: when the provider cancels or the free window holds, or by an operator. (PY-07)
  const mayMinor = request.mayRefundFee ? leftMinor : left.serviceMinor + left.taxMinor;
  const amountMinor = request.amountMinor ?? mayMinor;
  if (request.currencyCode !== currencyCode || amountMinor < 0n)
    throw new PaymentError("AMOUNTS_INCONSISTENT", {
      amount_minor: String(amountMinor),
      currency_code: request.currencyCode,
    });
  if (amountMinor > mayMinor || amountMinor === 0n)
    throw new PaymentError(
      amountMinor > leftMinor || mayMinor === leftMinor ? "REFUND_EXCEEDS_PAYMENT" : "REFUND_EXCEEDS_PRICE",
      {
        payment: `payments/${payment.id}`,
        amount_minor: String(amountMinor),
        left_minor: String(mayMinor),
        currency_code: currencyCode,
      },
    );
  const refund: Refund = {
    id: request.id,
    paymentId: payment.id,
    providerId: payment.providerId,
    amount: { currencyCode, amountMinor },
    parts: splitRefund(left, amountMinor),
    operationId: request.operationId,
    gatewayId: undefined,
    state: "REQUESTED",
    cause: request.cause,
    requestedBy: request.requestedBy,
    failure: undefined,
    version: 1n,
    createTime: at,
    updateTime: at,
  };
  return {
    payment: reserve(payment, amountMinor, at),
    refund,
    transfers: [refundRequestedTransfer(payment, refund)],
  };
}

function partsLeft(payment: Payment, earlier: readonly Refund[]): Parts {
  return earlier
    .filter((refund) => refund.state !== "FAILED")
    .reduce(
      (left, { parts }) => ({
        serviceMinor: left.serviceMinor - parts.serviceMinor,
        taxMinor: left.taxMinor - parts.taxMinor,
        feeMinor: left.feeMinor - parts.feeMinor,
      }),
      payment.parts,
    );
}

function reserve(payment: Payment, amountMinor: bigint, at: Temporal.Instant): Payment {
  return {
    ...payment,
    refundReservedMinor: payment.refundReservedMinor + amountMinor,
    version: payment.version + 1n,
    updateTime: at,
  };
}
