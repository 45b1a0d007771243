import { AvailabilityError } from "./errors.ts";
import { DAY_MINUTES, type Day, dateOfDay } from "./zone-line.ts";

/** Minutes since local midnight, `0 ≤ from < to ≤ 2880`; past 1440 runs into the next date. (S1) */
export type LocalInterval = { readonly from: number; readonly to: number };

/** What one date's rule says: no intervals means closed. Breaks are cut out, tails included. (S2) */
export type Hours = { readonly intervals: readonly LocalInterval[]; readonly breaks: readonly LocalInterval[] };

/** A text by BCP 47 tag. */
export type Texts = Readonly<Record<string, string>>;

/** Hours for dates `first` to `last`, both included, by weekday from Monday. */
export type Season = {
  readonly name: Texts;
  readonly first: Day;
  readonly last: Day;
  readonly week: readonly Hours[];
};

/** A date with hours of its own, by override or as a public holiday. */
export type SpecialDate = { readonly day: Day; readonly name: Texts; readonly hours: Hours };

/** The local opening rules of a provider, a staff member or a resource. */
export type Schedule = {
  readonly week: readonly Hours[];
  readonly seasons: readonly Season[];
  readonly holidays: ReadonlyMap<Day, SpecialDate>;
  readonly overrides: ReadonlyMap<Day, SpecialDate>;
};

export const CLOSED: Hours = { intervals: [], breaks: [] };

/**
 * Builds a schedule from its parts, in any order. Errors: HOURS_OVERLAP for intervals of one date that overlap or touch,
 * DAY_REPEATED for two rules of one date or two seasons from one date. (S2)
 */
export function makeSchedule(parts: {
  readonly week: readonly Hours[];
  readonly seasons?: readonly Season[];
  readonly holidays?: readonly SpecialDate[];
  readonly overrides?: readonly SpecialDate[];
}): Schedule {
  const seasons = [...(parts.seasons ?? [])].sort((a, b) => b.first - a.first);
  seasons.forEach((season, i) => {
    if (seasons[i + 1]?.first === season.first)
      throw new AvailabilityError("DAY_REPEATED", { day: dateText(season.first) });
    checkWeek(season.week);
  });
  checkWeek(parts.week);
  return {
    week: parts.week,
    seasons,
    holidays: byDay(parts.holidays ?? []),
    overrides: byDay(parts.overrides ?? []),
  };
}

/** The hours of each weekday that has an entry (0 is Monday); the others are closed. */
export function weekFrom(days: ReadonlyMap<number, Hours>): readonly Hours[] {
  return Array.from({ length: 7 }, (_, weekday) => days.get(weekday) ?? CLOSED);
}

const WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

function checkWeek(week: readonly Hours[]): void {
  week.forEach((hours, weekday) => {
    checkHours(hours, WEEKDAYS[weekday] ?? "");
  });
}

function byDay(dates: readonly SpecialDate[]): ReadonlyMap<Day, SpecialDate> {
  const map = new Map<Day, SpecialDate>();
  for (const date of dates) {
    if (map.has(date.day)) throw new AvailabilityError("DAY_REPEATED", { day: dateText(date.day) });
    checkHours(date.hours, dateText(date.day));
    map.set(date.day, date);
  }
  return map;
}

function checkHours(hours: Hours, day: string): void {
  for (const intervals of [hours.intervals, hours.breaks]) {
    const sorted = [...intervals].sort((a, b) => a.from - b.from);
    sorted.forEach(({ from, to }, i) => {
      if (from < 0 || from >= to || to > 2 * DAY_MINUTES)
        throw new RangeError(`${from}–${to} is no interval of two days`);
      const next = sorted[i + 1];
      if (next && next.from <= to) throw new AvailabilityError("HOURS_OVERLAP", { day });
    });
  }
}

function dateText(day: Day): string {
  return dateOfDay(day).toString();
}
