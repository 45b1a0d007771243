import type { Tx } from "@dawr/store";
import type { BookingRules } from "../domain/calendar.ts";
import { conflictingBookings, type Kept } from "../domain/conflicts.ts";
import { loadCalendar } from "./load-calendar.ts";

/** The bookings from now on (of a range, when given) that no longer lie in open time, at most a thousand, by start. */
export async function loadConflicts(
  tx: Tx,
  providerId: string,
  defaults: BookingRules,
  range?: { readonly from: Temporal.Instant; readonly to: Temporal.Instant },
): Promise<readonly string[]> {
  const kept = await tx.query<Kept>(
    `select booking, items from reservation
      where provider_id = $1 and state in ('HELD', 'FIRM') and (state = 'FIRM' or expires_at > clock_now())
        and end_time > greatest(clock_now(), $2::timestamptz) and ($3::timestamptz is null or start_time < $3)
      order by start_time, reservation_id limit 1000`,
    [providerId, range?.from.toString() ?? "-infinity", range?.to.toString() ?? null],
  );
  if (kept.length === 0) return [];
  const calendar = await loadCalendar(tx, providerId, defaults);
  return calendar ? conflictingBookings(calendar, kept) : [];
}
