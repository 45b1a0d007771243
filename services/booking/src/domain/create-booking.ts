import type { Booking, Change, LocalizedText, PaymentMethod, Sealed } from "./booking.ts";
import { BookingError } from "./errors.ts";
import { move, moveRefused } from "./moves.ts";
import type { Place } from "./place.ts";
import type { Policy } from "./policy.ts";
import type { Price } from "./price.ts";

/** What a quote froze for the booking that is made with it. */
export type Terms = {
  readonly price: Price;
  /** The terms as a whole. */
  readonly policy: Policy;
  readonly paymentMethod: PaymentMethod;
  readonly place: Place;
  /** One for each item of the booking, in order. */
  readonly items: readonly ItemTerms[];
};

/** For whom a booking is, and what the customer says about it. */
export type ForWhom = {
  readonly dependentId: string | undefined;
  readonly sealed: Partial<Pick<Sealed, "customerNote" | "address" | "dependentDetails">>;
};

/** Nothing is said. */
const forTheCustomer: ForWhom = { dependentId: undefined, sealed: {} };

/** What one item costs, and what it is called on receipts and in messages. */
type ItemTerms = {
  readonly serviceName: LocalizedText;
  readonly priceMinor: bigint;
  readonly feeMinor: bigint;
  readonly policy: Policy;
};

/**
 * Turns a hold into a booking with frozen terms that waits for its payment; who pays nothing, or at
 * the venue, is confirmed at once. A hold that ended in the meantime is HOLD_EXPIRED. (BK-02)
 */
export function createBooking(
  booking: Booking,
  terms: Terms,
  payment: { readonly name: string; readonly payUrl: string } | undefined,
  at: Temporal.Instant,
  { dependentId, sealed }: ForWhom = forTheCustomer,
): Change {
  requireLiveHold(booking, at);
  if (terms.items.length !== booking.items.length) throw new BookingError("QUOTE_MISMATCH");
  const created: Partial<Booking> = {
    items: booking.items.map((item, index) => ({ ...item, ...terms.items[index] })),
    price: terms.price,
    policy: terms.policy,
    paymentMethod: terms.paymentMethod,
    dependentId,
    place: terms.place,
    sealed: { ...booking.sealed, ...sealed },
  };
  if (payment === undefined) {
    return {
      booking: move(booking, "CONFIRMED", at, { ...created, confirmTime: at }),
      event: "BookingConfirmed",
      steps: [],
      reason: "nothing to pay",
    };
  }
  return {
    booking: move(booking, "PENDING_PAYMENT", at, { ...created, payment, paymentState: "PENDING" }),
    event: "BookingCreated",
    steps: [],
    reason: "",
  };
}

/** Refuses what is not a live hold: HOLD_EXPIRED from its expire time on, BOOKING_STATE_WRONG in any other state. */
export function requireLiveHold(booking: Booking, at: Temporal.Instant): void {
  const hasEnded = Temporal.Instant.compare(booking.holdExpireTime, at) <= 0;
  if (booking.state === "EXPIRED" || (booking.state === "HELD" && hasEnded)) {
    throw new BookingError("HOLD_EXPIRED", { hold_expire_time: booking.holdExpireTime.toString() });
  }
  if (booking.state !== "HELD") throw moveRefused(booking, "PENDING_PAYMENT");
}
