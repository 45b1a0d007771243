import { CLOSED, type Hours, type LocalInterval, type Schedule, type Texts } from "./schedule.ts";
import { type Spans, subtract, unite } from "./spans.ts";
import {
  DAY_MINUTES,
  type Day,
  dayExists,
  dayOf,
  eachPassing,
  type Minute,
  offsetAt,
  weekdayOf,
  type ZoneLine,
} from "./zone-line.ts";

/** The rule that decides a date. */
export type Rule = { readonly kind: "OVERRIDE" | "HOLIDAY" | "SEASON" | "WEEKLY"; readonly name: Texts };

/** The hours of a date and the rule that won: override, holiday, the season that started last, weekly hours. (S2) */
export function effectiveHours(schedule: Schedule, day: Day): { readonly rule: Rule; readonly hours: Hours } {
  const override = schedule.overrides.get(day);
  if (override) return { rule: { kind: "OVERRIDE", name: override.name }, hours: override.hours };
  const holiday = schedule.holidays.get(day);
  if (holiday) return { rule: { kind: "HOLIDAY", name: holiday.name }, hours: holiday.hours };
  for (const season of schedule.seasons) {
    if (season.first <= day && day <= season.last)
      return { rule: { kind: "SEASON", name: season.name }, hours: season.week[weekdayOf(day)] ?? CLOSED };
  }
  return { rule: WEEKLY, hours: schedule.week[weekdayOf(day)] ?? CLOSED };
}

/** The open instants of a schedule that touch `[from, to)`, time off not yet cut. (S1, S2) */
export function openSpans(schedule: Schedule, line: ZoneLine, from: Minute, to: Minute): Spans {
  const pairs: number[] = [];
  eachDate(line, from, to, (day) => {
    const { hours } = effectiveHours(schedule, day);
    const midnight = day * DAY_MINUTES;
    const walls = subtract(wallSpans(hours.intervals), wallSpans(hours.breaks));
    for (let i = 0; i < walls.length; i += 2)
      eachPassing(line, midnight + (walls[i] ?? 0), midnight + (walls[i + 1] ?? 0), (start, end) => {
        pairs.push(start, end);
      });
  });
  return unite(pairs);
}

/**
 * The starts in `[from, to)` whose wall-clock distance from the beginning of an open interval that contains them,
 * breaks not cut, is a multiple of the step; ascending, each once. (S6)
 */
export function gridStarts(
  schedule: Schedule,
  line: ZoneLine,
  stepMinutes: number,
  from: Minute,
  to: Minute,
): readonly Minute[] {
  const starts: Minute[] = [];
  eachDate(line, from, to, (day) => {
    for (const interval of effectiveHours(schedule, day).hours.intervals) {
      const anchor = day * DAY_MINUTES + interval.from;
      eachPassing(line, anchor, day * DAY_MINUTES + interval.to, (start, end, offset) => {
        const earliest = Math.max(start, from);
        const steps = Math.ceil((earliest + offset - anchor) / stepMinutes);
        const last = Math.min(end, to);
        for (let t = anchor + steps * stepMinutes - offset; t < last; t += stepMinutes) starts.push(t);
      });
    }
  });
  return ascending(starts);
}

/** Whether an instant is open, the rule that decides it, and whether one of that rule's breaks is what closes it. */
export function ruleAt(
  schedule: Schedule,
  line: ZoneLine,
  minute: Minute,
): { readonly rule: Rule; readonly isOpen: boolean; readonly onBreak: boolean } {
  const day = dayOf(line, minute);
  const wall = minute + offsetAt(line, minute) - day * DAY_MINUTES;
  const own = effectiveHours(schedule, day);
  const before = dayExists(line, day - 1) ? effectiveHours(schedule, day - 1) : undefined;
  const within = (intervals: readonly LocalInterval[], at: number) => intervals.some((i) => i.from <= at && at < i.to);
  const inOwn = within(own.hours.intervals, wall);
  const inTail = before !== undefined && within(before.hours.intervals, wall + DAY_MINUTES);
  const ownBreak = inOwn && within(own.hours.breaks, wall);
  const tailBreak = inTail && within(before.hours.breaks, wall + DAY_MINUTES);
  const isOpen = (inOwn && !ownBreak) || (inTail && !tailBreak);
  return { rule: tailBreak && !inOwn ? before.rule : own.rule, isOpen, onBreak: ownBreak || tailBreak };
}

const WEEKLY: Rule = { kind: "WEEKLY", name: {} };

/** The dates that the zone has and whose hours, tails included, may reach `[from, to)`. */
function eachDate(line: ZoneLine, from: Minute, to: Minute, visit: (day: Day) => void): void {
  // Local dates differ from UTC's by at most one; a tail adds one more.
  const last = Math.floor(to / DAY_MINUTES) + 1;
  for (let day = Math.floor(from / DAY_MINUTES) - 3; day <= last; day++) if (dayExists(line, day)) visit(day);
}

function wallSpans(intervals: readonly LocalInterval[]): Spans {
  const first = intervals[0];
  if (intervals.length === 1 && first) return [first.from, first.to];
  return unite(intervals.flatMap((interval) => [interval.from, interval.to]));
}

function ascending(starts: Minute[]): readonly Minute[] {
  for (let i = 1; i < starts.length; i++)
    if ((starts[i - 1] ?? 0) >= (starts[i] ?? 0)) {
      starts.sort((a, b) => a - b);
      return starts.filter((start, k) => start !== starts[k - 1]);
    }
  return starts;
}
