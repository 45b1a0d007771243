import type { Calendar } from "./calendar.ts";
import { openSpans } from "./hours.ts";
import { covers, type Spans, subtract } from "./spans.ts";
import { makeUnit, timeOffSpans } from "./unit.ts";
import { DAY_MINUTES, type Minute, zoneLine } from "./zone-line.ts";

/** A live reservation, as far as it must lie in open time. */
export type Kept = {
  readonly booking: string;
  readonly items: readonly {
    readonly staffId: string;
    readonly from: Minute;
    readonly to: Minute;
    readonly resources: readonly { readonly resourceId: string }[];
  }[];
};

/** The bookings whose service time no longer lies in the open time of all whom it needs, in the order given. (S3) */
export function conflictingBookings(calendar: Calendar, kept: readonly Kept[]): readonly string[] {
  const items = kept.flatMap((one) => one.items);
  if (items.length === 0) return [];
  const from = Math.min(...items.map((item) => item.from)) - DAY_MINUTES;
  const to = Math.max(...items.map((item) => item.to)) + DAY_MINUTES;
  const line = zoneLine(calendar.zone, from, to);
  const open = subtract(openSpans(calendar.schedule, line, from, to), timeOffSpans(calendar.timeOff));
  const spans = new Map<string, Spans>();
  for (const { id, active, schedule, timeOff } of [...calendar.staff, ...calendar.resources])
    if (active) spans.set(id, makeUnit({ id, kind: "STAFF", schedule, timeOff }, open, line, from, to).open);
  const isOpen = (id: string, item: Kept["items"][number]) => covers(spans.get(id) ?? [], item.from, item.to);
  return kept
    .filter(({ items: own }) =>
      own.some(
        (item) => !isOpen(item.staffId, item) || item.resources.some(({ resourceId }) => !isOpen(resourceId, item)),
      ),
    )
    .map(({ booking }) => booking);
}
