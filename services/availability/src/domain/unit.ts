import { openSpans } from "./hours.ts";
import type { Schedule } from "./schedule.ts";
import { intersect, meets, type Spans, subtract, unite } from "./spans.ts";
import { type Day, dayOf, type Minute, type ZoneLine } from "./zone-line.ts";

/** An absence between two instants, cut out of the open time of the one whose it is. (S2) */
export type TimeOff = { readonly id: string; readonly reason: string; readonly from: Minute; readonly to: Minute };

/** A reserved stretch of one lane, buffers included, and the reservation, session or block that holds it. */
export type Busy = { readonly lane: number; readonly from: Minute; readonly to: Minute; readonly holder: string };

/** The reserved stretches of one lane: ascending and disjoint, as the database keeps them. */
type Lane = {
  readonly from: readonly Minute[];
  readonly to: readonly Minute[];
  readonly holders: readonly string[];
};

/** What can be reserved: a staff member (one lane) or a resource (as many lanes as its capacity). */
export type Unit = {
  readonly id: string;
  readonly kind: "STAFF" | "RESOURCE";
  /** Its own schedule, or nothing where it follows the provider's. */
  readonly schedule: Schedule | undefined;
  readonly timeOff: readonly TimeOff[];
  /** Open by the provider's hours and its own, time off of both cut. (S3) */
  readonly open: Spans;
  /** Its own time off: buffers may not lie in it. (S4) */
  readonly away: Spans;
  readonly lanes: readonly Lane[];
};

export type UnitParts = {
  readonly id: string;
  readonly kind: Unit["kind"];
  readonly schedule?: Schedule | undefined;
  readonly timeOff?: readonly TimeOff[];
  readonly capacity?: number;
  readonly busy?: readonly Busy[];
};

/** Puts a unit together for `[from, to)` instant minutes. */
export function makeUnit(parts: UnitParts, providerOpen: Spans, line: ZoneLine, from: Minute, to: Minute): Unit {
  const away = timeOffSpans(parts.timeOff ?? []);
  const hours = parts.schedule ? intersect(providerOpen, openSpans(parts.schedule, line, from, to)) : providerOpen;
  return {
    id: parts.id,
    kind: parts.kind,
    schedule: parts.schedule,
    timeOff: parts.timeOff ?? [],
    open: subtract(hours, away),
    away,
    lanes: makeLanes(parts.capacity ?? 1, parts.busy ?? []),
  };
}

export function timeOffSpans(timeOff: readonly TimeOff[]): Spans {
  return unite(timeOff.flatMap((off) => [off.from, off.to]));
}

/** Whether a lane has no reservation and its unit no time off of its own in `[from, to)`. (S4) */
export function isFree(unit: Unit, lane: number, from: Minute, to: Minute): boolean {
  if (to <= from) return true;
  const taken = unit.lanes[lane];
  return (
    (taken === undefined || firstMeeting(taken, from, to) < 0) && !(unit.away.length > 0 && meets(unit.away, from, to))
  );
}

/** The index of the first reserved stretch of the lane that meets `[from, to)`, or -1. */
function firstMeeting(lane: Lane, from: Minute, to: Minute): number {
  let low = 0;
  let high = lane.to.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lane.to[middle] ?? 0) <= from) low = middle + 1;
    else high = middle;
  }
  return low < lane.from.length && (lane.from[low] ?? 0) < to ? low : -1;
}

/** Reserved minutes by the local date on which they start, buffers included. (S10) */
export function reservedByDay(unit: Unit, line: ZoneLine): ReadonlyMap<Day, number> {
  const minutes = new Map<Day, number>();
  for (const lane of unit.lanes) {
    lane.from.forEach((from, i) => {
      const day = dayOf(line, from);
      minutes.set(day, (minutes.get(day) ?? 0) + (lane.to[i] ?? from) - from);
    });
  }
  return minutes;
}

function makeLanes(capacity: number, busy: readonly Busy[]): readonly Lane[] {
  const lanes = Array.from({ length: capacity }, () => ({
    from: [] as Minute[],
    to: [] as Minute[],
    holders: [] as string[],
  }));
  // Lanes are numbered from 1 wherever a person or a database sees them.
  for (const taken of isAscending(busy) ? busy : [...busy].sort((a, b) => a.from - b.from)) {
    const lane = lanes[taken.lane - 1];
    if (!lane || taken.to <= taken.from) continue;
    lane.from.push(taken.from);
    lane.to.push(taken.to);
    lane.holders.push(taken.holder);
  }
  return lanes;
}

function isAscending(busy: readonly Busy[]): boolean {
  for (let i = 1; i < busy.length; i++) if ((busy[i - 1]?.from ?? 0) > (busy[i]?.from ?? 0)) return false;
  return true;
}
