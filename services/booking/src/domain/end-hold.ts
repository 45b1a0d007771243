import type { Booking, Change, ExpireReason, NextStep } from "./booking.ts";
import { move, moveRefused } from "./moves.ts";

/** Gives a hold up on the customer's wish; its time is free at once. (BK-01) */
export function releaseHold(booking: Booking, at: Temporal.Instant): Change {
  return {
    booking: move(booking, "RELEASED", at),
    event: "BookingReleased",
    steps: [{ name: "release-reservation", reservation: booking.reservation }],
    reason: "released by the customer",
  };
}

/** Whether a booking's hold has ended without the booking having been paid. */
export function hasLapsed(booking: Booking, at: Temporal.Instant): boolean {
  const waits = booking.state === "HELD" || booking.state === "PENDING_PAYMENT" || booking.state === "PENDING_APPROVAL";
  return waits && booking.paymentState !== "PAID" && Temporal.Instant.compare(booking.holdExpireTime, at) <= 0;
}

/** Ends a booking whose hold ran out: its time is given back, its page takes no more money. (AV-03, BK-04) */
export function expireBooking(booking: Booking, at: Temporal.Instant): Change {
  if (!hasLapsed(booking, at)) throw moveRefused(booking, "EXPIRED");
  const steps: NextStep[] = [{ name: "release-reservation", reservation: booking.reservation }];
  if (booking.payment !== undefined) steps.push({ name: "cancel-payment", payment: booking.payment.name });
  return {
    booking: move(booking, "EXPIRED", at, { expireReason: expireReasonOf(booking) }),
    event: "BookingExpired",
    steps,
    reason: "the hold ended",
  };
}

function expireReasonOf(booking: Booking): ExpireReason {
  if (booking.state === "HELD") return "HOLD_LAPSED";
  return booking.paymentState === "FAILED" ? "PAYMENT_FAILED" : "PAYMENT_TIMED_OUT";
}
