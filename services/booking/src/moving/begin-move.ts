import { create } from "@bufbuild/protobuf";
import {
  type MoveReservationRequest,
  MoveReservationRequestSchema,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import type { Booking as BookingMessage } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PlatformError } from "@dawr/rpc";
import { addStep } from "@dawr/runtime";
import { derivedRequestId, type Tx } from "@dawr/store";
import type { Booking } from "../domain/booking.ts";
import type { Move } from "../domain/move-booking.ts";
import { type BookingKey, bookingName } from "../names.ts";
import { longestGap, slotItemsOf } from "../reservations/booked-items.ts";
import { timestamp } from "../rpc/booking-to-proto.ts";
import { sagaRunner } from "../saga/store-steps.ts";
import { findOpenMove, postMove, type StoredMove } from "../store/booking-moves.ts";
import { lockBooking } from "../store/bookings.ts";
import type { MoveCall } from "./move-call.ts";

/** A request to move a booking, and what its terms say to it. */
export type MoveAttempt = {
  readonly call: MoveCall;
  readonly booking: BookingKey;
  /** The version that the caller saw; empty for whichever. */
  readonly etag: string;
  readonly plan: (booking: Booking) => Move;
  readonly newId: () => string;
  readonly now: () => Temporal.Instant;
};

/** Until when a move may be made: whoever asked has given up waiting by then. */
const moveWithin = Temporal.Duration.from({ seconds: 30 });
/** How much the clocks of two machines may differ. */
const clocksDiffer = Temporal.Duration.from({ seconds: 5 });

/**
 * Decides on a move and stores it with the step that asks, once it can no longer be made, what became of it. The same
 * request again goes on with its move, or has its answer already. Errors: CONTENTION while another move of the booking is
 * under way, ETAG_MISMATCH, NOT_FOUND, REQUEST_ID_REUSED, and those of the plan.
 */
export async function beginMove(
  tx: Tx,
  attempt: MoveAttempt,
): Promise<{ readonly move: StoredMove } | { readonly answer: BookingMessage }> {
  const { call, booking: key, etag, plan, newId, now } = attempt;
  const name = bookingName(key);
  const booking = await lockBooking(tx, key);
  if (booking === undefined) throw new PlatformError("NOT_FOUND", { name });
  // Whoever sent it twice at once may have been answered while this one waited for the lock.
  const answer = await call.replayed(tx);
  if (answer !== undefined) return { answer };
  const open = await findOpenMove(tx, key);
  if (open !== undefined) {
    const isSame = open.actor === call.actor && open.requestId === call.requestId;
    if (!isSame) throw new PlatformError("CONTENTION");
    if (Buffer.compare(open.request, call.request) !== 0)
      throw new PlatformError("REQUEST_ID_REUSED", { request_id: call.requestId });
    return { move: open };
  }
  if (etag !== "" && etag !== booking.version.toString()) throw new PlatformError("ETAG_MISMATCH", { name });
  const { startTime, staff, ...move } = plan(booking);
  const id = newId();
  const at = now();
  const stored: StoredMove = {
    id,
    booking: key,
    actor: call.actor,
    requestId: call.requestId,
    request: call.request,
    ask: askFor(booking, {
      id,
      startTime,
      staff,
      ignoreHours: move.overrideReason !== "",
      expireTime: at.add(moveWithin),
    }),
    move,
  };
  postMove(tx, stored);
  addStep(tx, {
    id,
    runner: sagaRunner,
    key: key.id,
    name: "settle-move",
    payload: { booking: name, move: id },
    at: at.add(moveWithin).add(clocksDiffer),
  });
  return { move: stored };
}

function askFor(
  booking: Booking,
  to: {
    readonly id: string;
    readonly startTime: Temporal.Instant;
    readonly staff: readonly (string | undefined)[];
    readonly ignoreHours: boolean;
    readonly expireTime: Temporal.Instant;
  },
): MoveReservationRequest {
  return create(MoveReservationRequestSchema, {
    name: booking.reservation.name,
    fencingToken: booking.reservation.fencingToken,
    items: slotItemsOf(booking, to.staff),
    startTime: timestamp(to.startTime),
    partySize: booking.partySize,
    maxGapMinutes: longestGap(booking.items),
    ignoreHours: to.ignoreHours,
    expireTime: timestamp(to.expireTime),
    requestId: derivedRequestId(to.id, "move"),
  });
}
