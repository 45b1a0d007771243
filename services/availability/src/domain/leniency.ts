import type { BookingRules, Calendar, OwnHours } from "./calendar.ts";
import { makeSchedule, weekFrom } from "./schedule.ts";

/**
 * What of a slot's definition need not be kept. NOTICE: grid, notice and horizon (S6, S7), for what was paid too late.
 * SAME_START: these and the limits of provider and services (S8) too, for what stays at its time. HOURS: S1 to S3 and S6 to
 * S8, for what a member puts outside of hours; that nobody else has the time, capacity and skills is asked always.
 */
export type Leniency = "NONE" | "NOTICE" | "SAME_START" | "HOURS";

/** The calendar as it is to be asked. */
export function lenient(calendar: Calendar, leniency: Leniency): Calendar {
  const { rules } = calendar;
  switch (leniency) {
    case "NONE":
      return calendar;
    case "NOTICE":
      return { ...calendar, rules: { ...rules, ...ANY_START } };
    case "SAME_START":
      return {
        ...calendar,
        rules: { ...rules, ...ANY_START, limits: rules.limits.filter(({ kind }) => kind === "STAFF") },
      };
    case "HOURS":
      return {
        ...calendar,
        rules: { ...rules, ...ANY_START, limits: [] },
        schedule: ALWAYS_OPEN,
        timeOff: [],
        // Somebody who works in their time off is there for the buffers too.
        staff: calendar.staff.map((staff) => ({ ...staff, ...NEVER_AWAY })),
        resources: calendar.resources.map((resource) => ({ ...resource, ...NEVER_AWAY })),
      };
  }
}

/** Every instant is open: each has a wall-clock time on its date. */
export const ALWAYS_OPEN = makeSchedule({
  week: weekFrom(
    new Map(Array.from({ length: 7 }, (_, weekday) => [weekday, { intervals: [{ from: 0, to: 1440 }], breaks: [] }])),
  ),
});

const NEVER_AWAY: OwnHours = { schedule: undefined, timeOff: [] };

const ANY_START: Pick<BookingRules, "stepMinutes" | "noticeMinutes" | "horizonDays"> = {
  stepMinutes: 1,
  noticeMinutes: Number.NEGATIVE_INFINITY,
  horizonDays: Number.POSITIVE_INFINITY,
};
