import type { Money } from "./money.ts";

/**
 * CREATED: the intent is stored, the gateway has not answered. PENDING: the customer has to pay. UNKNOWN: the gateway's
 * answer was lost or contradicts the intent, and is being asked for. FAILED may still become SUCCEEDED: the customer may
 * try another card on the same page; money that the gateway took is never overlooked. (PY-11)
 */
export type PaymentState = "CREATED" | "PENDING" | "UNKNOWN" | "SUCCEEDED" | "FAILED" | "CANCELLED";

/** What an amount is made of, in minor units; the sum is the amount. */
export type Parts = {
  /** The provider's: services after discount. */
  readonly serviceMinor: bigint;
  readonly taxMinor: bigint;
  /** The platform's. (PY-03) */
  readonly feeMinor: bigint;
};

/** A payment, whole. */
export type Payment = {
  readonly id: string;
  readonly providerId: string;
  /** What is paid: the name of a booking, once. */
  readonly subject: string;
  readonly customerId: string;
  readonly amount: Money;
  readonly parts: Parts;
  readonly gateway: string;
  /** Made before the gateway is called and sent with every call about this payment; never changed. (PY-11) */
  readonly operationId: string;
  /** The gateway's own id of the charge, once it is known. */
  readonly gatewayId: string | undefined;
  readonly payUrl: string | undefined;
  readonly returnUrl: string;
  readonly locale: string;
  /** What the payment page calls it. */
  readonly description: string;
  /** Until when the page takes money. */
  readonly payExpireTime: Temporal.Instant;
  readonly state: PaymentState;
  /** Why it failed, or why its outcome is unknown: card_declined, amount_mismatch, … */
  readonly failure: string | undefined;
  /** Refunds that were asked for and have not failed; never above the amount. */
  readonly refundReservedMinor: bigint;
  readonly refundedMinor: bigint;
  /** Grows by one at each change; the sequence of its events. */
  readonly version: bigint;
  /** How often the gateway was asked since the last change. */
  readonly asked: number;
  /** When the gateway is asked next; undefined: never again. */
  readonly askTime: Temporal.Instant | undefined;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
  readonly succeedTime: Temporal.Instant | undefined;
};

/** Whether no part is negative and all of them together are the amount. */
export function partsAddUp(parts: Parts, amountMinor: bigint): boolean {
  const { serviceMinor, taxMinor, feeMinor } = parts;
  if (serviceMinor < 0n || taxMinor < 0n || feeMinor < 0n) return false;
  return serviceMinor + taxMinor + feeMinor === amountMinor;
}
