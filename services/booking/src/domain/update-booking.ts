import type { Booking, Change, Sealed, State } from "./booking.ts";
import { BookingError } from "./errors.ts";
import { touch } from "./moves.ts";

/** What customer and members say about a booking: the customer their note, members theirs and the link to join. */
export const sayings = ["customerNote", "providerNote", "joiningUrl"] as const;

/** New values of some of them, sealed; undefined takes one away. */
export type Sayings = Partial<Pick<Sealed, (typeof sayings)[number]>>;

/** On whose side somebody is: both for a member who books at their own provider. */
export type Sides = { readonly isCustomer: boolean; readonly isMember: boolean };

/** Refuses with FIELD_NOT_YOURS what is the other side's to say. (BK-06) */
export function requireOwnSayings(wanted: readonly (typeof sayings)[number][], { isCustomer, isMember }: Sides): void {
  for (const saying of wanted) {
    const isOwn = saying === "customerNote" ? isCustomer : isMember;
    if (!isOwn) throw new BookingError("FIELD_NOT_YOURS", { field: fields[saying] });
  }
}

/**
 * Changes what is said about a booking. The customer's note stays once it has ended (BOOKING_STATE_WRONG); a link to join is
 * for what takes place online (NOT_ONLINE). (BK-06, BK-13)
 */
export function updateBooking(booking: Booking, changes: Sayings, at: Temporal.Instant): Change {
  if ("customerNote" in changes && !open.includes(booking.state)) {
    throw new BookingError("BOOKING_STATE_WRONG", { state: booking.state, required_states: open.join(", ") });
  }
  if (changes.joiningUrl !== undefined && booking.place !== "ONLINE") throw new BookingError("NOT_ONLINE");
  return {
    booking: touch(booking, at, { sealed: { ...booking.sealed, ...changes } }),
    event: undefined,
    steps: [],
    // Not what: that there is a note of members is theirs to know.
    reason: "details changed",
  };
}

const fields = { customerNote: "customer_note", providerNote: "provider_note", joiningUrl: "joining_url" } as const;

/** What has not ended. */
const open: readonly State[] = ["HELD", "PENDING_PAYMENT", "PENDING_APPROVAL", "CONFIRMED", "CHECKED_IN"];
