import type { Booking, CancelledBy, Change, Money, NextStep } from "./booking.ts";
import { BookingError } from "./errors.ts";
import { mayMove, move } from "./moves.ts";
import { quoteCancellation } from "./quote-cancellation.ts";
import { oweRefund } from "./settle-refund.ts";

/** What the one who cancels knows and wants. */
export type Cancelling = {
  readonly by: CancelledBy;
  readonly reason: string;
  /** The penalty that the customer was shown and accepts; of nothing the currency is not looked at. */
  readonly acceptedPenalty: Money;
};

/**
 * Cancels a booking before it is completed: frees its time, gives back what the policy leaves and was not given back
 * before, and refuses with PENALTY_NOT_ACCEPTED when the penalty is no longer the one that was shown. (BK-05)
 */
export function cancelBooking(booking: Booking, cancelling: Cancelling, at: Temporal.Instant): Change {
  if (!mayMove(booking.state, "CANCELLED")) throw new BookingError("BOOKING_NOT_CANCELLABLE", { state: booking.state });
  const quote = quoteCancellation(booking, cancelling.by, at);
  const currencyCode = booking.price?.currencyCode ?? "";
  const { acceptedPenalty } = cancelling;
  const isSameCurrency = quote.penaltyMinor === 0n || acceptedPenalty.currencyCode === currencyCode;
  if (quote.penaltyMinor !== acceptedPenalty.amountMinor || !isSameCurrency) {
    throw new BookingError("PENALTY_NOT_ACCEPTED", {
      penalty_minor: quote.penaltyMinor.toString(),
      currency_code: currencyCode,
    });
  }
  const cancelled = move(booking, "CANCELLED", at, {
    cancellation: {
      by: cancelling.by,
      time: at,
      reason: cancelling.reason,
      penaltyMinor: quote.penaltyMinor,
      refundMinor: quote.refundMinor,
    },
  });
  const steps: NextStep[] = [{ name: "release-reservation", reservation: booking.reservation }];
  const { payment } = booking;
  // The page of a payment that failed still takes another card.
  if (payment !== undefined && (booking.paymentState === "PENDING" || booking.paymentState === "FAILED"))
    steps.push({ name: "cancel-payment", payment: payment.name });
  const owed = oweRefund(cancelled, { amountMinor: quote.dueMinor, currencyCode }, "cancelled");
  return {
    booking: owed.booking,
    event: "BookingCancelled",
    steps: [...steps, ...owed.steps],
    reason: cancelling.reason,
  };
}
