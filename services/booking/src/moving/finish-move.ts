import type { Reservation } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import type { Booking as BookingMessage } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PlatformError } from "@dawr/rpc";
import type { Store } from "@dawr/store";
import { BookingError } from "../domain/errors.ts";
import { type MovedTo, moveBooking } from "../domain/move-booking.ts";
import { bookingName, idOf } from "../names.ts";
import { instantOf, refOf } from "../reservations/from-reservation.ts";
import { bookingToProto } from "../rpc/booking-to-proto.ts";
import { storeSteps } from "../saga/store-steps.ts";
import { deleteMove, type StoredMove } from "../store/booking-moves.ts";
import { lockBooking, updateBooking } from "../store/bookings.ts";
import { moveCall } from "./move-call.ts";

/** What bringing a move to its end needs. */
export type FinishDeps = { readonly store: Store; readonly now: () => Temporal.Instant };

/**
 * Shows in the booking the time that its reservation was moved to, and keeps the answer for who asked; again changes nothing.
 * A booking that ended meanwhile gives the time back. Error: BOOKING_STATE_WRONG for such a one.
 */
export async function finishMove(
  { store, now }: FinishDeps,
  stored: StoredMove,
  taken: Reservation,
): Promise<BookingMessage> {
  const { booking: key, actor, move, request } = stored;
  try {
    return await moveCall(actor, move.kind, request).once(store, async (tx) => {
      const moved = await updateBooking(tx, key, actor, (booking) => moveBooking(booking, move, movedTo(taken), now()));
      if (moved === undefined) throw new PlatformError("NOT_FOUND", { name: bookingName(key) });
      deleteMove(tx, stored);
      return bookingToProto(moved, actor);
    });
  } catch (error) {
    if (error instanceof BookingError && error.reason === "BOOKING_STATE_WRONG") await giveBack(store, stored, taken);
    throw error;
  }
}

/** A booking that has ended never begins again on this reservation: what was moved for it is free. */
async function giveBack(store: Store, stored: StoredMove, taken: Reservation): Promise<void> {
  await store.transaction(async (tx) => {
    const booking = await lockBooking(tx, stored.booking);
    if (booking === undefined) return;
    storeSteps(tx, { booking, steps: [{ name: "release-reservation", reservation: refOf(taken) }] });
    deleteMove(tx, stored);
  });
}

function movedTo(taken: Reservation): MovedTo {
  return {
    reservation: refOf(taken),
    items: taken.assignments.map(({ staffMember, startTime, endTime }) => ({
      staffId: idOf(staffMember),
      startTime: instantOf(startTime),
      endTime: instantOf(endTime),
    })),
  };
}
