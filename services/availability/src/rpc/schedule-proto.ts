import { create } from "@bufbuild/protobuf";
import {
  DateOverrideSchema,
  type DayHours,
  DayHoursSchema,
  LocalIntervalSchema,
  type Schedule as ScheduleProto,
  ScheduleSchema,
  WeeklyHoursSchema,
} from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { LocalizedTextSchema } from "@dawr/gen/dawr/type/v1/localized_text_pb.js";
import { AvailabilityError } from "../domain/errors.ts";
import { type Hours, makeSchedule, type Schedule, type SpecialDate, weekFrom } from "../domain/schedule.ts";
import type { ScheduleRow } from "../store/schedules.ts";
import { dayFromProto, dayToProto, timestampOfInstant } from "./time-proto.ts";

/** Writes a schedule; without one of its own its owner follows the provider's. */
export function scheduleToProto(name: string, row: ScheduleRow, conflictingBookings: readonly string[]): ScheduleProto {
  const { schedule } = row;
  return create(ScheduleSchema, {
    name,
    followsProvider: schedule === undefined && name.split("/").length > 3,
    weeklyHours: (schedule?.week ?? []).flatMap((hours, weekday) =>
      hours.intervals.length === 0 ? [] : [create(WeeklyHoursSchema, { day: weekday + 1, hours: hoursToProto(hours) })],
    ),
    dateOverrides: [...(schedule?.overrides.values() ?? [])]
      .sort((a, b) => a.day - b.day)
      .map((date) =>
        create(DateOverrideSchema, {
          date: dayToProto(date.day),
          hours: hoursToProto(date.hours),
          ...(Object.keys(date.name).length > 0
            ? { label: create(LocalizedTextSchema, { texts: { ...date.name } }) }
            : {}),
        }),
      ),
    conflictingBookings: [...conflictingBookings],
    ...(row.updateTime ? { updateTime: timestampOfInstant(row.updateTime) } : {}),
    etag: etagOf(row.version),
  });
}

/**
 * The schedule after an update of some fields; nothing where it then follows the provider's.
 * Errors: DAY_REPEATED, HOURS_OVERLAP.
 */
export function updatedSchedule(
  current: Schedule | undefined,
  change: ScheduleProto,
  fields: ReadonlySet<string>,
): Schedule | undefined {
  if (fields.has("follows_provider") && change.followsProvider) return undefined;
  const week = fields.has("weekly_hours") ? weekFromProto(change) : (current?.week ?? weekFrom(new Map()));
  const overrides = fields.has("date_overrides")
    ? change.dateOverrides.map(overrideFromProto)
    : current?.overrides.values();
  return makeSchedule({
    week,
    seasons: current?.seasons ?? [],
    holidays: [...(current?.holidays.values() ?? [])],
    overrides: [...(overrides ?? [])],
  });
}

/** The schedule that a message states, whole: for imports. */
export function scheduleFromProto(message: ScheduleProto): Schedule | undefined {
  return updatedSchedule(undefined, message, new Set(["follows_provider", "weekly_hours", "date_overrides"]));
}

/** The version as clients carry it; a resource that was never written has none. */
export function etagOf(version: bigint): string {
  return `"${version}"`;
}

function weekFromProto(message: ScheduleProto): readonly Hours[] {
  const days = new Map<number, Hours>();
  for (const { day, hours } of message.weeklyHours) {
    if (days.has(day - 1)) throw new AvailabilityError("DAY_REPEATED", { day: WEEKDAYS[day - 1] ?? "" });
    days.set(day - 1, hoursFromProto(hours));
  }
  return weekFrom(days);
}

const WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

function overrideFromProto({ date, hours, label }: ScheduleProto["dateOverrides"][number]): SpecialDate {
  return { day: dayFromProto(date), name: label?.texts ?? {}, hours: hoursFromProto(hours) };
}

function hoursFromProto(hours: DayHours | undefined): Hours {
  const intervals = (list: DayHours["open"]) =>
    list.map(({ startMinute, endMinute }) => ({ from: startMinute, to: endMinute })).sort((a, b) => a.from - b.from);
  return { intervals: intervals(hours?.open ?? []), breaks: intervals(hours?.breaks ?? []) };
}

function hoursToProto(hours: Hours): DayHours {
  const intervals = (list: Hours["intervals"]) =>
    list.map(({ from, to }) => create(LocalIntervalSchema, { startMinute: from, endMinute: to }));
  return create(DayHoursSchema, { open: intervals(hours.intervals), breaks: intervals(hours.breaks) });
}
