import { type Hours, makeSchedule, type Schedule, type SpecialDate, type Texts } from "../domain/schedule.ts";
import { dateOfDay, dayOfDate } from "../domain/zone-line.ts";

/** A schedule as its row keeps it: minutes since midnight in pairs, dates as ISO 8601. */
export type ScheduleJson = {
  readonly week: readonly HoursJson[];
  readonly seasons: readonly {
    readonly name: Texts;
    readonly first: string;
    readonly last: string;
    readonly week: readonly HoursJson[];
  }[];
  readonly holidays: readonly DateJson[];
  readonly overrides: readonly DateJson[];
};

type HoursJson = { readonly open: readonly number[]; readonly breaks: readonly number[] };
type DateJson = { readonly date: string; readonly name: Texts; readonly hours: HoursJson };

export function scheduleToJson(schedule: Schedule): ScheduleJson {
  return {
    week: schedule.week.map(hoursToJson),
    seasons: schedule.seasons.map(({ name, first, last, week }) => ({
      name,
      first: dateOfDay(first).toString(),
      last: dateOfDay(last).toString(),
      week: week.map(hoursToJson),
    })),
    holidays: [...schedule.holidays.values()].map(dateToJson),
    overrides: [...schedule.overrides.values()].map(dateToJson),
  };
}

export function scheduleFromJson(json: ScheduleJson): Schedule {
  return makeSchedule({
    week: json.week.map(hoursFromJson),
    seasons: json.seasons.map(({ name, first, last, week }) => ({
      name,
      first: dayOf(first),
      last: dayOf(last),
      week: week.map(hoursFromJson),
    })),
    holidays: json.holidays.map(dateFromJson),
    overrides: json.overrides.map(dateFromJson),
  });
}

function hoursToJson(hours: Hours): HoursJson {
  return {
    open: hours.intervals.flatMap(({ from, to }) => [from, to]),
    breaks: hours.breaks.flatMap(({ from, to }) => [from, to]),
  };
}

function hoursFromJson(json: HoursJson): Hours {
  return { intervals: pairs(json.open), breaks: pairs(json.breaks) };
}

function pairs(flat: readonly number[]): Hours["intervals"] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({ from: flat[2 * i] ?? 0, to: flat[2 * i + 1] ?? 0 }));
}

function dateToJson({ day, name, hours }: SpecialDate): DateJson {
  return { date: dateOfDay(day).toString(), name, hours: hoursToJson(hours) };
}

function dateFromJson({ date, name, hours }: DateJson): SpecialDate {
  return { day: dayOf(date), name, hours: hoursFromJson(hours) };
}

function dayOf(date: string): number {
  return dayOfDate(Temporal.PlainDate.from(date));
}
