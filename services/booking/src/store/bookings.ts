import type { Tx } from "@dawr/store";
import type { Booking, Change } from "../domain/booking.ts";
import { bookingEvents } from "../events/booking-events.ts";
import type { BookingKey } from "../names.ts";
import { storeSteps } from "../saga/store-steps.ts";
import { type BookingRow, bookingColumns, bookingOfRow, columnsOf } from "./booking-row.ts";

const columns = bookingColumns.join(", ");
const places = bookingColumns.map((_, index) => `$${index + 1}`).join(", ");
const assignments = bookingColumns
  .slice(2)
  .map((column, index) => `${column} = $${index + 3}`)
  .join(", ");
const afterColumns = bookingColumns.length;

/** Reads one booking; undefined when there is none. */
export async function findBooking(tx: Tx, { providerId, id }: BookingKey): Promise<Booking | undefined> {
  const [row] = await tx.query<BookingRow>(`select ${columns} from booking where provider_id = $1 and id = $2`, [
    providerId,
    id,
  ]);
  return row === undefined ? undefined : bookingOfRow(row);
}

/** Stores a new booking with its history, its event and its steps. */
export async function insertBooking(tx: Tx, change: Change, by: string): Promise<Booking> {
  write(tx, `insert into booking (${columns}) values (${places})`, change, by, undefined);
  return change.booking;
}

/**
 * Locks a booking, lets the domain decide, and stores what it decided: the booking, its history, its event and its steps,
 * together or not at all. Undefined from `decide` changes nothing; undefined as the answer: there is no such booking.
 */
export async function updateBooking(
  tx: Tx,
  key: BookingKey,
  by: string,
  decide: (booking: Booking) => Change | undefined,
): Promise<Booking | undefined> {
  const before = await lockBooking(tx, key);
  if (before === undefined) return undefined;
  const change = decide(before);
  if (change === undefined) return before;
  const update = `update booking set ${assignments}, change_xid = pg_current_xact_id() where provider_id = $1 and id = $2`;
  write(tx, update, change, by, before);
  return change.booking;
}

/** Reads one booking and keeps others from changing it until the transaction ends; undefined when there is none. */
export async function lockBooking(tx: Tx, { providerId, id }: BookingKey): Promise<Booking | undefined> {
  const [row] = await tx.query<BookingRow>(
    `select ${columns} from booking where provider_id = $1 and id = $2 for no key update`,
    [providerId, id],
  );
  return row === undefined ? undefined : bookingOfRow(row);
}

/** Wakes streams; the payload names whose booking changed: customer and provider. */
export const bookingChannel = "booking";

/** Wakes the timer that ends holds; the payload is when one ends. */
export const deadlineChannel = "booking_deadline";

function write(tx: Tx, statement: string, change: Change, by: string, before: Booking | undefined): void {
  const { booking } = change;
  const parameters = Array.from({ length: 3 }, (_, index) => `$${afterColumns + index + 1}`).join(", ");
  tx.post(
    `with written as (${statement}),
     noted as (
       insert into booking_history (provider_id, booking_id, version, state, change_time, changed_by, reason, from_state)
       values ($1, $2, $4, $5, $${afterColumns}, ${parameters})),
     ended as (delete from hold_attempt where booking_id = $2 and $5 not in ('HELD', 'PENDING_PAYMENT', 'PENDING_APPROVAL'))
     delete from payment_start where booking_id = $2 and $5 <> 'HELD'`,
    [...columnsOf(booking), by, change.reason, before?.state ?? ""],
  );
  tx.notify(bookingChannel, `${booking.customerId} ${booking.providerId}`);
  // Also when it waits for less long than before.
  if (before === undefined || !before.holdExpireTime.equals(booking.holdExpireTime))
    tx.notify(deadlineChannel, booking.holdExpireTime.toString());
  bookingEvents(tx, change, by, before);
  storeSteps(tx, change);
}
