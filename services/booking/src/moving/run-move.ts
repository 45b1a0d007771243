import type { HandlerContext } from "@connectrpc/connect";
import type { Booking as BookingMessage } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type Auth, outgoing, PlatformError, reasonOf } from "@dawr/rpc";
import type { Booking, Side } from "../domain/booking.ts";
import { BookingError } from "../domain/errors.ts";
import { type Move, notMovable } from "../domain/move-booking.ts";
import { bookingName, parseBookingName } from "../names.ts";
import { type RefusalDeps, slotRefusal } from "../reservations/slot-refusal.ts";
import { sideOf } from "../rpc/side-of.ts";
import { isMoveRefused } from "../saga/refused-for-good.ts";
import { refuseMove, type StoredMove } from "../store/booking-moves.ts";
import { findBooking } from "../store/bookings.ts";
import { beginMove } from "./begin-move.ts";
import { type FinishDeps, finishMove } from "./finish-move.ts";
import type { MoveCall } from "./move-call.ts";

/** What moving a booking needs. */
export type MoveDeps = FinishDeps & RefusalDeps & { readonly auth: Auth; readonly newId: () => string };

/** A request to move a booking. */
export type MoveRequest = {
  readonly call: MoveCall;
  readonly name: string;
  /** The version that the caller saw; empty for whichever. */
  readonly etag: string;
  /** What the booking's terms say to it. */
  readonly plan: (booking: Booking, by: Side) => Move;
};

/**
 * Moves a booking: the move is stored, availability asked, and what it gave shown in the booking. Whatever dies in between,
 * the same request or the stored step asks availability the same again, and shows what became of it. (BK-03, BK-05)
 */
export async function runMove(
  deps: MoveDeps,
  { call, name, etag, plan }: MoveRequest,
  context: HandlerContext,
): Promise<BookingMessage> {
  const { store, now, newId, auth, reservations } = deps;
  const key = parseBookingName(name);
  const [known, booking] = await store.read((tx) => Promise.all([call.replayed(tx), findBooking(tx, key)]));
  if (known !== undefined) return known;
  if (booking === undefined) throw new PlatformError("NOT_FOUND", { name });
  const by = await sideOf(auth, booking, context);
  const attempt = { call, booking: key, etag, plan: (locked: Booking) => plan(locked, by), newId, now };
  const begun = await store.transaction((tx) => beginMove(tx, attempt));
  if ("answer" in begun) return begun.answer;
  const { move } = begun;
  const taken = await reservations.moveReservation(move.ask, outgoing(context)).catch(async (error: unknown) => {
    // Without an answer it may have been moved: then the move stays open, for the same request or its step to ask again.
    if (!isMoveRefused(error)) throw error;
    await store.transaction((tx) => refuseMove(tx, move));
    throw await refusalOf(deps, move, error, context);
  });
  return await finishMove(deps, move, taken);
}

/** Why availability did not move the reservation, in booking's words. */
async function refusalOf(
  deps: MoveDeps,
  { booking: key, ask, move }: StoredMove,
  error: unknown,
  context: HandlerContext,
): Promise<unknown> {
  const booking = await deps.store.read((tx) => findBooking(tx, key));
  switch (reasonOf(error)?.reason) {
    case "RESERVATION_RELEASED":
      return notMovable(booking?.state ?? "", move.kind);
    case "RESERVATION_LAPSED":
      return new BookingError(
        "HOLD_EXPIRED",
        { hold_expire_time: booking?.holdExpireTime.toString() ?? "" },
        { cause: error },
      );
    case "FENCING_TOKEN_STALE":
      return new PlatformError("CONTENTION", {}, { cause: error });
    case "MOVE_TOO_LATE":
      return new PlatformError("DEADLINE_EXCEEDED", {}, { cause: error });
    default: {
      const { items, startTime, partySize, maxGapMinutes } = ask;
      return await slotRefusal(
        deps,
        {
          provider: `providers/${key.providerId}`,
          items,
          ...(startTime === undefined ? {} : { startTime }),
          partySize,
          maxGapMinutes,
          ignoreBooking: bookingName(key),
        },
        error,
        context,
      );
    }
  }
}
