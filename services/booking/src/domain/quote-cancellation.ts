import type { Booking, CancelledBy } from "./booking.ts";
import type { Policy } from "./policy.ts";
import { share } from "./price.ts";

/** What cancelling costs and gives back, in minor units of the booking's currency. */
export type CancellationQuote = {
  readonly penaltyMinor: bigint;
  /** What the customer is to have back in all. */
  readonly dueMinor: bigint;
  /** … less what was given back before, by hand. */
  readonly refundMinor: bigint;
  /** The part of the refund that is platform fee. */
  readonly feeRefundMinor: bigint;
};

/**
 * What cancelling costs at an instant: nothing up to and including the end of the free window and nothing at all when the
 * provider or the platform cancels, then the late share of the service price, and from the start on the no-show share. (BK-05)
 */
export function quoteCancellation(
  booking: Pick<Booking, "price" | "policy" | "startTime" | "paymentState" | "refund">,
  by: CancelledBy,
  at: Temporal.Instant,
): CancellationQuote {
  const { price, policy } = booking;
  if (price === undefined || policy === undefined || booking.paymentState !== "PAID") {
    return { penaltyMinor: 0n, dueMinor: 0n, refundMinor: 0n, feeRefundMinor: 0n };
  }
  const percent = by === "CUSTOMER" ? penaltyPercent(policy, booking.startTime, at) : 0;
  const isInFreeWindow = Temporal.Instant.compare(at, freeUntil(policy, booking.startTime)) <= 0;
  const refundsFee = by !== "CUSTOMER" || (isInFreeWindow && policy.refundsFee);
  const penaltyMinor = share(price.serviceMinor, percent * 100);
  const feeDueMinor = refundsFee ? price.feeMinor : 0n;
  // The tax on what is kept is kept with it, rounded down: what is left over is the customer's.
  const keptTaxMinor = price.serviceMinor === 0n ? 0n : (price.taxMinor * penaltyMinor) / price.serviceMinor;
  const dueMinor = price.serviceMinor - penaltyMinor + price.taxMinor - keptTaxMinor + feeDueMinor;
  const doneMinor = booking.refund?.doneMinor ?? 0n;
  const refundMinor = dueMinor > doneMinor ? dueMinor - doneMinor : 0n;
  // The fee goes back last, as payment splits refunds.
  const feeRefundMinor = refundMinor < feeDueMinor ? refundMinor : feeDueMinor;
  return { penaltyMinor, dueMinor, refundMinor, feeRefundMinor };
}

/** The last instant at which cancelling is free. */
export function freeUntil(policy: Policy, startTime: Temporal.Instant): Temporal.Instant {
  return startTime.subtract({ minutes: policy.freeWindowMinutes });
}

function penaltyPercent(policy: Policy, startTime: Temporal.Instant, at: Temporal.Instant): number {
  if (Temporal.Instant.compare(at, startTime) >= 0) return policy.noShowPenaltyPercent;
  return Temporal.Instant.compare(at, freeUntil(policy, startTime)) <= 0 ? 0 : policy.latePenaltyPercent;
}
