import type { Booking, Change, ReservationRef, Side, State } from "./booking.ts";
import { BookingError } from "./errors.ts";
import { touch } from "./moves.ts";

/** What somebody wants of a booking that is to be moved. */
export type MoveWish = {
  readonly by: Side;
  /** Who is to serve each item, undefined for any who can; empty for those who were to. */
  readonly staff: readonly (string | undefined)[];
  /** Why hours need not be kept; empty when they are. */
  readonly overrideReason: string;
};

/** A move that is decided on: its time is still to be won. */
export type Move = MoveTerms & {
  readonly startTime: Temporal.Instant;
  readonly staff: readonly (string | undefined)[];
};

/** What of a move is needed once its time is won. */
export type MoveTerms = {
  readonly kind: "RESCHEDULE" | "REASSIGN";
  /** Whether the customer asked for the staff member of each item. */
  readonly isStaffChosen: readonly boolean[];
  /** Whether it is one of the moves that the customer may make. */
  readonly counts: boolean;
  readonly overrideReason: string;
};

/** What availability has given for a move. */
export type MovedTo = {
  readonly reservation: ReservationRef;
  readonly items: readonly {
    readonly staffId: string;
    readonly startTime: Temporal.Instant;
    readonly endTime: Temporal.Instant;
  }[];
};

/**
 * Decides that a booking may move to another start: by its customer as often as its terms allow and up to and including their
 * last minute, by others without limit. Errors: BOOKING_STATE_WRONG, STAFF_CHOICES_MISMATCH, FIELD_NOT_YOURS,
 * RESCHEDULE_LIMIT_REACHED, RESCHEDULE_TOO_LATE. (BK-05)
 */
export function rescheduleBooking(
  booking: Booking,
  wish: MoveWish & { readonly startTime: Temporal.Instant },
  at: Temporal.Instant,
): Move {
  requireState(booking, "RESCHEDULE");
  const isCustomer = wish.by === "CUSTOMER";
  if (isCustomer && wish.overrideReason !== "") throw new BookingError("FIELD_NOT_YOURS", { field: "override_reason" });
  const { policy, rescheduleCount, startTime } = booking;
  // A booking without terms of its own was taken over from elsewhere, and can be moved as one likes.
  if (isCustomer && policy !== undefined) {
    if (rescheduleCount >= policy.maxReschedules)
      throw new BookingError("RESCHEDULE_LIMIT_REACHED", { limit: String(policy.maxReschedules) });
    const until = startTime.subtract({ minutes: policy.rescheduleWindowMinutes });
    if (Temporal.Instant.compare(at, until) > 0)
      throw new BookingError("RESCHEDULE_TOO_LATE", { until_time: until.toString() });
  }
  return { kind: "RESCHEDULE", startTime: wish.startTime, counts: isCustomer, ...staffOf(booking, wish) };
}

/** Decides that a booking may be given to other staff at its time. Errors: BOOKING_STATE_WRONG, STAFF_CHOICES_MISMATCH. */
export function reassignBooking(booking: Booking, wish: MoveWish): Move {
  requireState(booking, "REASSIGN");
  return { kind: "REASSIGN", startTime: booking.startTime, counts: false, ...staffOf(booking, wish) };
}

/**
 * Shows in a booking the time and the staff that its reservation has; price and terms stay. A booking that did not end
 * meanwhile shows them in whatever state it is. Undefined: known already. Error: BOOKING_STATE_WRONG for one that has given
 * its time up.
 */
export function moveBooking(booking: Booking, move: MoveTerms, to: MovedTo, at: Temporal.Instant): Change | undefined {
  if (to.reservation.fencingToken <= booking.reservation.fencingToken) return undefined;
  if (hasGivenUpTime[booking.state]) throw notMovable(booking.state, move.kind);
  const items = booking.items.map((item, index) => ({
    ...item,
    ...to.items[index],
    isStaffChosen: move.isStaffChosen[index] ?? item.isStaffChosen,
  }));
  const startTime = items[0]?.startTime ?? booking.startTime;
  const endTime = items.at(-1)?.endTime ?? booking.endTime;
  const isElsewhere = items.some((item, index) => {
    const before = booking.items[index];
    const isSameTime = before && item.startTime.equals(before.startTime) && item.endTime.equals(before.endTime);
    return !isSameTime || item.staffId !== before.staffId;
  });
  // Whoever waits for the provider waits until the start at the latest.
  const isWaiting = booking.state === "PENDING_APPROVAL";
  const { holdExpireTime } = booking;
  return {
    booking: touch(booking, at, {
      items,
      startTime,
      endTime,
      reservation: to.reservation,
      rescheduleCount: booking.rescheduleCount + (move.counts && isElsewhere ? 1 : 0),
      holdExpireTime: isWaiting && Temporal.Instant.compare(startTime, holdExpireTime) < 0 ? startTime : holdExpireTime,
    }),
    event: isElsewhere ? "BookingRescheduled" : undefined,
    steps: [],
    reason:
      move.overrideReason || (move.kind === "RESCHEDULE" ? `moved from ${booking.startTime}` : "given to other staff"),
  };
}

const hasGivenUpTime: Readonly<Record<State, boolean>> = {
  HELD: false,
  PENDING_PAYMENT: false,
  PENDING_APPROVAL: false,
  CONFIRMED: false,
  CHECKED_IN: false,
  COMPLETED: false,
  NO_SHOW: true,
  CANCELLED: true,
  DECLINED: true,
  EXPIRED: true,
  RELEASED: true,
};

/** The refusal of a move, with the states in which it could be made. */
export function notMovable(state: State | "", kind: MoveTerms["kind"]): BookingError {
  return new BookingError("BOOKING_STATE_WRONG", { state, required_states: movable[kind].join(", ") });
}

const movable: Readonly<Record<MoveTerms["kind"], readonly State[]>> = {
  RESCHEDULE: ["PENDING_APPROVAL", "CONFIRMED"],
  REASSIGN: ["PENDING_APPROVAL", "CONFIRMED", "CHECKED_IN"],
};

function requireState({ state }: Booking, kind: MoveTerms["kind"]): void {
  if (!movable[kind].includes(state)) throw notMovable(state, kind);
}

function staffOf({ items }: Booking, { by, staff, overrideReason }: MoveWish) {
  if (staff.length === 0)
    return {
      staff: items.map(({ staffId }) => staffId),
      isStaffChosen: items.map(({ isStaffChosen }) => isStaffChosen),
      overrideReason,
    };
  if (staff.length !== items.length) throw new BookingError("STAFF_CHOICES_MISMATCH", { items: String(items.length) });
  return { staff, isStaffChosen: staff.map((id) => by === "CUSTOMER" && id !== undefined), overrideReason };
}
