import type { Tx } from "@dawr/store";
import type { Booking, State } from "../domain/booking.ts";
import { type BookingRow, bookingColumns, bookingOfRow } from "./booking-row.ts";

/** Whose bookings, which, and where the page before ended; newest first. */
export type BookingQuery = {
  readonly customerId: string | undefined;
  readonly providerId: string | undefined;
  readonly states: readonly State[];
  readonly startFrom: Temporal.Instant | undefined;
  readonly startBefore: Temporal.Instant | undefined;
  readonly beforeId: string | undefined;
  readonly limit: number;
};

/** Above every UUIDv7: the condition on ids bounds the index also on the first page. */
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Lists bookings of one customer or one provider by id, which is a time: the latest made come first. */
export async function listBookings(tx: Tx, query: BookingQuery): Promise<readonly Booking[]> {
  const { customerId, providerId, states, startFrom, startBefore, beforeId, limit } = query;
  const [column, id] = providerId === undefined ? ["customer_id", customerId] : ["provider_id", providerId];
  const rows = await tx.query<BookingRow>(
    `select ${bookingColumns.join(", ")} from booking
     where ${column} = $1
       and id < $2
       and (cardinality($3::text[]) = 0 or state = any ($3))
       and ($4::timestamptz is null or start_time >= $4)
       and ($5::timestamptz is null or start_time < $5)
     order by id desc limit $6`,
    [id, beforeId ?? lastId, [...states], startFrom ?? null, startBefore ?? null, limit],
  );
  return rows.map(bookingOfRow);
}

/** A change as the history has it. */
export type HistoryEntry = {
  readonly version: bigint;
  readonly from_state: string;
  readonly state: string;
  readonly changed_by: string;
  readonly reason: string;
  readonly change_time: Temporal.Instant;
};

/** Lists the changes of a booking, the first one first, after a version. (BK-01) */
export async function listHistory(
  tx: Tx,
  providerId: string,
  id: string,
  afterVersion: bigint,
  limit: number,
): Promise<readonly HistoryEntry[]> {
  return await tx.query<HistoryEntry>(
    `select version, from_state, state, changed_by, reason, change_time from booking_history
     where provider_id = $1 and booking_id = $2 and version > $3 order by version limit $4`,
    [providerId, id, afterVersion, limit],
  );
}
