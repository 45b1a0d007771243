import type { Calendar, Taken } from "./calendar.ts";
import { openSpans } from "./hours.ts";
import { intersect, lengthOf, type Spans, subtract, unite } from "./spans.ts";
import { makeUnit, timeOffSpans } from "./unit.ts";
import { DAY_MINUTES, type Day, startOfDay, zoneLine } from "./zone-line.ts";

/** How much of a local date is open and free; minutes of staff members are added up. (SE-02) */
export type DayShare = { readonly day: Day; readonly openMinutes: number; readonly freeMinutes: number };

/** The shares of `days` local dates from `first`; a date that the zone skips has nothing open. */
export function freeShares(calendar: Calendar, taken: Taken, first: Day, days: number): readonly DayShare[] {
  const from = (first - 1) * DAY_MINUTES;
  const to = (first + days + 2) * DAY_MINUTES;
  const line = zoneLine(calendar.zone, from, to);
  const open = subtract(openSpans(calendar.schedule, line, from, to), timeOffSpans(calendar.timeOff));
  const staff = calendar.staff
    .filter((member) => member.active)
    .map((member) => {
      const { schedule, timeOff } = member;
      const unit = makeUnit({ id: member.id, kind: "STAFF", schedule, timeOff }, open, line, from, to);
      const busy = unite((taken.busy.get(member.id) ?? []).flatMap((one) => [one.from, one.to]));
      return { open: unit.open, free: subtract(unit.open, busy) };
    });
  return Array.from({ length: days }, (_, i) => {
    const date = [startOfDay(line, first + i), startOfDay(line, first + i + 1)];
    const within = (spans: Spans) => lengthOf(intersect(spans, date));
    return {
      day: first + i,
      openMinutes: staff.reduce((sum, member) => sum + within(member.open), 0),
      freeMinutes: staff.reduce((sum, member) => sum + within(member.free), 0),
    };
  });
}
