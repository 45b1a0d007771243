import type { Tx } from "@dawr/store";
import type { BookingRules } from "../domain/calendar.ts";
import { conflictsOf, type Kept, type Written } from "../domain/conflicts.ts";
import type { Refusal } from "../domain/refusal.ts";
import { loadCalendar } from "./load-calendar.ts";

/** Which bookings of a provider are looked at; those that have ended never are. */
export type ConflictQuery = {
  readonly providerId: string;
  readonly range?: { readonly from: Temporal.Instant; readonly to: Temporal.Instant } | undefined;
  /** Only those of this staff member or resource. */
  readonly unitId?: string | undefined;
  /** After this start and id. */
  readonly after?: { readonly start: string; readonly id: string } | undefined;
  readonly limit: number;
};

/** A booking that no longer fits, and what refuses it. */
export type Conflict = {
  readonly booking: string;
  readonly reservationId: string;
  readonly start: Temporal.Instant;
  readonly end: Temporal.Instant;
  readonly refusals: readonly Refusal[];
};

/** How many conflicts the answer to an edit names; ListConflicts has all. */
export const MOST_CONFLICTS = 1_000;

/** The bookings that no longer fit the calendar, by start, then by id; of their refusals only those that `counts` lets pass. */
export async function loadConflicts(
  tx: Tx,
  defaults: BookingRules,
  query: ConflictQuery,
  counts: (refusal: Refusal) => boolean = () => true,
): Promise<readonly Conflict[]> {
  const calendar = await loadCalendar(tx, query.providerId, defaults);
  if (!calendar) return [];
  const found: Conflict[] = [];
  let written: Written | undefined;
  let { after } = query;
  for (;;) {
    const rows = await loadKept(tx, { ...query, after });
    for (const row of rows) {
      // Most have no override, and then nobody asks what is older.
      if (row.override_time) written ??= await loadWritten(tx, query.providerId);
      const kept: Kept = { ...row, overrideTime: row.override_time ?? undefined };
      const refusals = conflictsOf(calendar, written ?? NOTHING_WRITTEN, kept).filter(counts);
      if (refusals.length === 0) continue;
      found.push({
        booking: row.booking,
        reservationId: row.reservation_id,
        start: row.start_time,
        end: row.end_time,
        refusals,
      });
      if (found.length === query.limit) return found;
    }
    const last = rows.at(-1);
    if (!last || rows.length < BATCH) return found;
    after = { start: last.start_time.toString(), id: last.reservation_id };
  }
}

const BATCH = 500;
const NOTHING_WRITTEN: Written = { schedules: new Map(), timeOff: new Map() };

type KeptRow = Pick<Kept, "booking" | "items"> & {
  readonly reservation_id: string;
  readonly start_time: Temporal.Instant;
  readonly end_time: Temporal.Instant;
  readonly override_time: Temporal.Instant | null;
};

async function loadKept(
  tx: Tx,
  { providerId, range, unitId, after }: Omit<ConflictQuery, "limit">,
): Promise<readonly KeptRow[]> {
  return await tx.query<KeptRow>(
    `select booking, items, reservation_id, start_time, end_time, override_time from reservation r
      where provider_id = $1 and booking is not null
        and state in ('HELD', 'FIRM') and (state = 'FIRM' or expires_at > clock_now())
        and end_time > greatest(clock_now(), $2::timestamptz) and ($3::timestamptz is null or start_time < $3)
        and ($4::uuid is null or $4 = any(staff_ids) or jsonb_path_exists(items,
             '$[*].resources[*].resourceId ? (@ == $id)', jsonb_build_object('id', $4::text)))
        and ($5::timestamptz is null or (start_time, reservation_id) > ($5::timestamptz, $6::uuid))
      order by start_time, reservation_id limit ${BATCH}`,
    [
      providerId,
      range?.from.toString() ?? "-infinity",
      range?.to.toString() ?? null,
      unitId ?? null,
      after?.start ?? null,
      after?.id ?? null,
    ],
  );
}

async function loadWritten(tx: Tx, providerId: string): Promise<Written> {
  const [schedules, timeOff] = await Promise.all([
    tx.query<{ id: string; time: Temporal.Instant }>(
      "select owner_id as id, update_time as time from schedule where provider_id = $1",
      [providerId],
    ),
    tx.query<{ id: string; time: Temporal.Instant }>(
      "select time_off_id as id, create_time as time from time_off where provider_id = $1 and upper(during) > clock_now()",
      [providerId],
    ),
  ]);
  const byId = (rows: readonly { readonly id: string; readonly time: Temporal.Instant }[]) =>
    new Map(rows.map(({ id, time }) => [id, time]));
  return { schedules: byId(schedules), timeOff: byId(timeOff) };
}
