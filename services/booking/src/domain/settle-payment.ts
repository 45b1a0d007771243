import type { Booking, Change, Money } from "./booking.ts";
import { move, touch } from "./moves.ts";
import { oweRefund, wasRefundDue } from "./settle-refund.ts";

/** A result that the payment service tells. */
export type PaymentResult = Money & { readonly payment: string };

/**
 * Notes that the money has come, and says what follows: confirm while the booking waits; take the slot again when the hold
 * had ended; give the money back when the booking is over or another payment paid it. Undefined: known already. (BK-02)
 */
export function paymentSucceeded(booking: Booking, result: PaymentResult, at: Temporal.Instant): Change | undefined {
  if (booking.payment?.name !== result.payment) return refundStray(booking, result, at, "not the booking's payment");
  if (booking.paymentState === "PAID" || wasRefundDue(booking)) return undefined;
  const booked = touch(booking, at, { paymentState: "PAID", payTime: at });
  const { price } = booking;
  if (price?.dueNowMinor !== result.amountMinor || price.currencyCode !== result.currencyCode) {
    return {
      ...refundAll(booked, result, "amount differs"),
      event: undefined,
      reason: "another amount was paid",
    };
  }
  switch (booking.state) {
    case "PENDING_PAYMENT":
      return {
        booking: booked,
        event: undefined,
        steps: [{ name: "confirm-reservation" }],
        reason: "paid",
      };
    case "EXPIRED":
      return {
        booking: booked,
        event: undefined,
        steps: [{ name: "retake-slot" }],
        reason: "paid after the hold ended",
      };
    default:
      return {
        ...refundAll(booked, result, "booking is over"),
        event: undefined,
        reason: "paid after the booking was over",
      };
  }
}

/** Notes that a payment came to nothing; the hold goes on, so that the customer may try again until it ends. */
export function paymentFailed(booking: Booking, payment: string, at: Temporal.Instant): Change | undefined {
  if (booking.payment?.name !== payment || booking.paymentState !== "PENDING") return undefined;
  return {
    booking: touch(booking, at, { paymentState: "FAILED" }),
    event: undefined,
    steps: [],
    reason: "payment failed",
  };
}

/** Whether a booking is paid for and still to be confirmed. */
export function awaitsSlot(booking: Booking): boolean {
  return booking.paymentState === "PAID" && (booking.state === "PENDING_PAYMENT" || booking.state === "EXPIRED");
}

/** Confirms a paid booking once its reservation is firm; the slot may have been taken again by another reservation. (BK-02) */
export function confirmBooking(
  booking: Booking,
  at: Temporal.Instant,
  taken: Partial<Pick<Booking, "reservation" | "items" | "endTime">> = {},
): Change {
  return {
    booking: move(booking, "CONFIRMED", at, { ...taken, confirmTime: at, expireReason: undefined }),
    event: "BookingConfirmed",
    steps: [],
    reason: booking.state === "EXPIRED" ? "paid late, slot taken again" : "paid",
  };
}

/** Gives everything that was paid back when the slot of a paid booking could not be had any more. (BK-02, BK-04) */
export function slotLost(booking: Booking, at: Temporal.Instant): Change {
  const expireReason = "PAID_TOO_LATE";
  const lost =
    booking.state === "EXPIRED" ? touch(booking, at, { expireReason }) : move(booking, "EXPIRED", at, { expireReason });
  const paid = { amountMinor: booking.price?.dueNowMinor ?? 0n, currencyCode: booking.price?.currencyCode ?? "" };
  return {
    ...refundAll(lost, paid, "slot lost"),
    event: "BookingExpired",
    reason: "the slot was taken before the payment came",
  };
}

function refundAll(booking: Booking, paid: Money, cause: string): Pick<Change, "booking" | "steps"> {
  const { payment, cancellation } = booking;
  if (payment === undefined) return { booking, steps: [] };
  // Paid after it was cancelled: then there was nothing to give back.
  const corrected = cancellation === undefined ? undefined : { ...cancellation, refundMinor: paid.amountMinor };
  return oweRefund({ ...booking, cancellation: corrected }, paid, cause);
}

function refundStray(booking: Booking, result: PaymentResult, at: Temporal.Instant, cause: string): Change {
  return {
    booking: touch(booking, at, {}),
    event: undefined,
    steps: [{ name: "refund-payment", ...result, cause }],
    reason: cause,
  };
}
