import type { Booking, State } from "./booking.ts";
import { BookingError } from "./errors.ts";

/** Which states may follow which (BK-01, decisions.md "Booking"). */
const moves: Readonly<Record<State, readonly State[]>> = {
  HELD: ["PENDING_PAYMENT", "PENDING_APPROVAL", "CONFIRMED", "EXPIRED", "RELEASED", "CANCELLED"],
  PENDING_PAYMENT: ["CONFIRMED", "EXPIRED", "CANCELLED"],
  PENDING_APPROVAL: ["CONFIRMED", "DECLINED", "EXPIRED", "CANCELLED"],
  CONFIRMED: ["CHECKED_IN", "COMPLETED", "CANCELLED", "NO_SHOW"],
  CHECKED_IN: ["COMPLETED", "CANCELLED"],
  COMPLETED: ["NO_SHOW"],
  NO_SHOW: ["COMPLETED"],
  // Paid after the hold ended: the slot is taken again when it is still free (BK-02).
  EXPIRED: ["CONFIRMED"],
  CANCELLED: [],
  DECLINED: [],
  RELEASED: [],
};

/** Whether a booking may go from one state to the other. */
export function mayMove(from: State, to: State): boolean {
  return moves[from].includes(to);
}

/** Gives the booking its next state, version and time; refuses a move that BK-01 does not have with BOOKING_STATE_WRONG. */
export function move(booking: Booking, to: State, at: Temporal.Instant, change: Partial<Booking> = {}): Booking {
  if (!mayMove(booking.state, to)) throw moveRefused(booking, to);
  return { ...booking, ...change, state: to, version: booking.version + 1n, updateTime: at };
}

/** The refusal of a move, with the states that it could be made from. */
export function moveRefused({ state }: Booking, to: State): BookingError {
  const before = Object.entries(moves).flatMap(([from, next]) => (next.includes(to) ? [from] : []));
  return new BookingError("BOOKING_STATE_WRONG", { state, required_states: before.join(", ") });
}

/** Changes a booking that stays in its state. */
export function touch(booking: Booking, at: Temporal.Instant, change: Partial<Booking>): Booking {
  return { ...booking, ...change, version: booking.version + 1n, updateTime: at };
}
