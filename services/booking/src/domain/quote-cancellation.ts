import type { Booking, CancelledBy } from "./booking.ts";
import type { Policy } from "./policy.ts";
import { share } from "./price.ts";

/** What cancelling costs and gives back, in minor units of the booking's currency. */
export type CancellationQuote = {
  readonly penaltyMinor: bigint;
  readonly refundMinor: bigint;
  /** The part of the refund that is platform fee. */
  readonly feeRefundMinor: bigint;
};

/**
 * What cancelling costs at an instant: nothing up to and including the end of the free window and nothing at all when the
 * provider or the platform cancels, then the late share of the service price, and from the start on the no-show share. (BK-05)
 */
export function quoteCancellation(
  booking: Pick<Booking, "price" | "policy" | "startTime" | "paymentState">,
  by: CancelledBy,
  at: Temporal.Instant,
): CancellationQuote {
  const { price, policy } = booking;
  if (price === undefined || policy === undefined || booking.paymentState !== "PAID") {
    return { penaltyMinor: 0n, refundMinor: 0n, feeRefundMinor: 0n };
  }
  const percent = by === "CUSTOMER" ? penaltyPercent(policy, booking.startTime, at) : 0;
  const isInFreeWindow = Temporal.Instant.compare(at, freeUntil(policy, booking.startTime)) <= 0;
  const refundsFee = by !== "CUSTOMER" || (isInFreeWindow && policy.refundsFee);
  const penaltyMinor = share(price.serviceMinor, percent * 100);
  const feeRefundMinor = refundsFee ? price.feeMinor : 0n;
  // The tax on what is kept is kept with it, rounded down: what is left over is the customer's.
  const keptTaxMinor = price.serviceMinor === 0n ? 0n : (price.taxMinor * penaltyMinor) / price.serviceMinor;
  return {
    penaltyMinor,
    refundMinor: price.serviceMinor - penaltyMinor + price.taxMinor - keptTaxMinor + feeRefundMinor,
    feeRefundMinor,
  };
}

/** The last instant at which cancelling is free. */
export function freeUntil(policy: Policy, startTime: Temporal.Instant): Temporal.Instant {
  return startTime.subtract({ minutes: policy.freeWindowMinutes });
}

function penaltyPercent(policy: Policy, startTime: Temporal.Instant, at: Temporal.Instant): number {
  if (Temporal.Instant.compare(at, startTime) >= 0) return policy.noShowPenaltyPercent;
  return Temporal.Instant.compare(at, freeUntil(policy, startTime)) <= 0 ? 0 : policy.latePenaltyPercent;
}
