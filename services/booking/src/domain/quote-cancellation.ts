import type { Booking, BookingItem, CancelledBy } from "./booking.ts";
import { latePercent, type Policy } from "./policy.ts";
import { share } from "./price.ts";

/** What cancelling costs and gives back, in minor units of the booking's currency. */
export type CancellationQuote = {
  /** What is kept of the service price; never more than was paid of it online. */
  readonly penaltyMinor: bigint;
  /** What the customer is to have back in all. */
  readonly dueMinor: bigint;
  /** … less what was given back before, by hand. */
  readonly refundMinor: bigint;
  /** The part of the refund that is platform fee. */
  readonly feeRefundMinor: bigint;
};

/** What a penalty is worked out from. */
export type Penalised = Pick<Booking, "price" | "policy" | "items" | "startTime" | "paymentState" | "refund">;

/**
 * What cancelling costs at an instant: nothing up to and including the end of the free window and nothing at all when the
 * provider or the platform cancels, then of each item's price what its policy says. At most what was paid of the service
 * price is kept; the rest of what was paid online goes back, the fee only while cancelling is free. (BK-05, BK-07)
 */
export function quoteCancellation(booking: Penalised, by: CancelledBy, at: Temporal.Instant): CancellationQuote {
  const { price, policy, startTime } = booking;
  if (price === undefined || policy === undefined || booking.paymentState !== "PAID") {
    return { penaltyMinor: 0n, dueMinor: 0n, refundMinor: 0n, feeRefundMinor: 0n };
  }
  const paid = {
    serviceMinor: price.dueNowServiceMinor,
    taxMinor: price.dueNowTaxMinor,
    feeMinor: price.dueNowFeeMinor,
  };
  const owedMinor = by === "CUSTOMER" ? penaltyMinorOf(booking, at) : 0n;
  const penaltyMinor = owedMinor < paid.serviceMinor ? owedMinor : paid.serviceMinor;
  const refundsFee = by !== "CUSTOMER" || (isFree(policy, startTime, at) && policy.refundsFee);
  const feeDueMinor = refundsFee ? paid.feeMinor : 0n;
  // The tax on what is kept is kept with it, rounded down: what is left over is the customer's.
  const keptTaxMinor = paid.serviceMinor === 0n ? 0n : (paid.taxMinor * penaltyMinor) / paid.serviceMinor;
  const dueMinor = paid.serviceMinor - penaltyMinor + paid.taxMinor - keptTaxMinor + feeDueMinor;
  const doneMinor = booking.refund?.doneMinor ?? 0n;
  const refundMinor = dueMinor > doneMinor ? dueMinor - doneMinor : 0n;
  // The fee goes back last, as payment splits refunds.
  const feeRefundMinor = refundMinor < feeDueMinor ? refundMinor : feeDueMinor;
  return { penaltyMinor, dueMinor, refundMinor, feeRefundMinor };
}

/** The last instant at which cancelling is free: the first penalty of an item may start right after it. (BK-05) */
export function freeUntil(policy: Policy, startTime: Temporal.Instant): Temporal.Instant {
  return startTime.subtract({ minutes: policy.freeWindowMinutes });
}

/** The penalties of all items, each a percentage of its own price rounded half up to the minor unit. */
function penaltyMinorOf({ items, startTime }: Penalised, at: Temporal.Instant): bigint {
  const penaltyOf = ({ policy, priceMinor }: BookingItem) =>
    policy === undefined ? 0n : share(priceMinor, penaltyPercent(policy, startTime, at) * 100);
  return items.reduce((sum, item) => sum + penaltyOf(item), 0n);
}

/** What of an item's price cancelling costs; windows and steps count from the start of the whole booking. */
function penaltyPercent(policy: Policy, startTime: Temporal.Instant, at: Temporal.Instant): number {
  if (Temporal.Instant.compare(at, startTime) >= 0) return policy.noShowPenaltyPercent;
  if (isFree(policy, startTime, at)) return 0;
  return latePercent(policy, (minutes) => Temporal.Instant.compare(at, startTime.subtract({ minutes })) >= 0);
}

/** Whether the free window holds; never from the start on, even where it is 0 minutes. */
function isFree(policy: Policy, startTime: Temporal.Instant, at: Temporal.Instant): boolean {
  const isBegun = Temporal.Instant.compare(at, startTime) >= 0;
  return !isBegun && Temporal.Instant.compare(at, freeUntil(policy, startTime)) <= 0;
}
