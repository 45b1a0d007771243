import { type Booking, type BookingItem, type Change, nothingSealed, type ReservationRef } from "./booking.ts";

/** What a hold is made of: the reservation that availability gave, and for whom. */
export type Hold = {
  readonly id: string;
  readonly providerId: string;
  readonly customerId: string;
  readonly reservation: ReservationRef;
  readonly items: readonly BookingItem[];
  readonly partySize: number;
  readonly timeZone: string;
  readonly expireTime: Temporal.Instant;
};

/** Starts the life of a booking: HELD, until its reservation's expire time. (AV-03, BK-01) */
export function holdBooking(hold: Hold, at: Temporal.Instant): Change {
  const first = hold.items[0];
  const last = hold.items.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("a hold has at least one item");
  const booking: Booking = {
    id: hold.id,
    providerId: hold.providerId,
    customerId: hold.customerId,
    version: 1n,
    state: "HELD",
    items: hold.items,
    startTime: first.startTime,
    endTime: last.endTime,
    partySize: hold.partySize,
    timeZone: hold.timeZone,
    dependentId: undefined,
    place: undefined,
    sealed: nothingSealed,
    reservation: hold.reservation,
    holdExpireTime: hold.expireTime,
    price: undefined,
    policy: undefined,
    payment: undefined,
    paymentState: "NONE",
    paymentMethod: undefined,
    payTime: undefined,
    refund: undefined,
    expireReason: undefined,
    confirmTime: undefined,
    cancellation: undefined,
    rescheduleCount: 0,
    createTime: at,
    updateTime: at,
  };
  return { booking, event: "BookingHeld", steps: [], reason: "" };
}
