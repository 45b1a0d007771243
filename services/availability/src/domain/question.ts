import { openSpans } from "./hours.ts";
import type { Schedule } from "./schedule.ts";
import { type Spans, subtract } from "./spans.ts";
import { makeUnit, type TimeOff, timeOffSpans, type Unit, type UnitParts } from "./unit.ts";
import { DAY_MINUTES, type Day, dayOf, type Minute, weekOf, type ZoneLine, zoneLine } from "./zone-line.ts";

/** At most so many bookings may start on a local date or in an ISO week. (S8) */
export type Limit = {
  readonly kind: "PROVIDER" | "SERVICE" | "STAFF";
  readonly id: string;
  readonly perDay: number | undefined;
  readonly perWeek: number | undefined;
};

/** A booking or hold that counts towards limits: the local date of its start, and what it is of. */
export type CountedBooking = {
  readonly day: Day;
  readonly services: readonly string[];
  readonly staff: readonly string[];
};

/** How a provider lets itself be booked; minutes unless the name says otherwise. */
export type SlotRules = {
  readonly stepMinutes: number;
  readonly noticeMinutes: number;
  readonly horizonDays: number;
  readonly hotWindowMinutes: number;
  readonly maxGapMinutes: number;
  readonly limits: readonly Limit[];
};

/** A group session that exists: seats are lanes of it. (S9) */
export type Session = {
  readonly id: string;
  readonly serviceId: string;
  readonly staffId: string;
  readonly from: Minute;
  readonly seats: number;
  /** Seats taken by live bookings, ascending from 1. */
  readonly taken: readonly number[];
  readonly resourceIds: readonly string[];
};

export type Candidate = { readonly unit: Unit; readonly durationMinutes: number };

/** One service of the sequence, with the staff members that may serve it in the order of their ids. */
export type Item = {
  readonly serviceId: string;
  readonly candidates: readonly Candidate[];
  /** Minutes before and after, travel of home visits already applied. (S4) */
  readonly bufferBefore: number;
  readonly bufferAfter: number;
  /** One unit of each list is used, never one twice; each list in the order of ids. */
  readonly requirements: readonly (readonly Unit[])[];
  /** Seats of a group service; 1 is not a group. */
  readonly capacity: number;
  readonly party: number;
};

/** Everything that decides which slots there are, at one moment. */
export type Question = {
  readonly line: ZoneLine;
  readonly nowMs: number;
  readonly from: Minute;
  readonly to: Minute;
  readonly rules: SlotRules;
  readonly schedule: Schedule;
  readonly timeOff: readonly TimeOff[];
  readonly open: Spans;
  readonly items: readonly Item[];
  readonly sameStaff: boolean;
  readonly sessions: readonly Session[];
  readonly tally: Tally;
};

type Tally = { readonly days: ReadonlyMap<string, number>; readonly weeks: ReadonlyMap<string, number> };

export type ItemParts = Omit<Item, "candidates" | "requirements"> & {
  readonly candidates: readonly { readonly id: string; readonly durationMinutes: number }[];
  readonly requirements: readonly (readonly string[])[];
};

export type QuestionParts = {
  readonly zone: string;
  readonly nowMs: number;
  readonly from: Minute;
  readonly to: Minute;
  readonly rules: SlotRules;
  readonly schedule: Schedule;
  readonly timeOff?: readonly TimeOff[];
  readonly staff: readonly UnitParts[];
  readonly resources?: readonly UnitParts[];
  readonly items: readonly ItemParts[];
  readonly sameStaff?: boolean;
  readonly sessions?: readonly Session[];
  readonly bookings?: readonly CountedBooking[];
};

/** Puts a question together for starts in `[from, to)`; the open time reaches two days further for what starts late. */
export function makeQuestion(parts: QuestionParts): Question {
  const from = parts.from - DAY_MINUTES;
  const to = parts.to + REACH_DAYS * DAY_MINUTES;
  const line = zoneLine(
    parts.zone,
    Math.min(from, nowMinute(parts)) - 8 * DAY_MINUTES,
    Math.max(to, nowMinute(parts)) + 8 * DAY_MINUTES,
  );
  const open = subtract(openSpans(parts.schedule, line, from, to), timeOffSpans(parts.timeOff ?? []));
  const unitsOf = (units: readonly UnitParts[]) =>
    new Map(units.map((unit) => [unit.id, makeUnit(unit, open, line, from, to)]));
  const staff = unitsOf(parts.staff);
  const resources = unitsOf(parts.resources ?? []);
  return {
    line,
    nowMs: parts.nowMs,
    from: parts.from,
    to: parts.to,
    rules: parts.rules,
    schedule: parts.schedule,
    timeOff: parts.timeOff ?? [],
    open,
    items: parts.items.map((item) => ({
      ...item,
      candidates: inOrder(item.candidates, (c) => c.id).flatMap(({ id, durationMinutes }) => {
        const unit = staff.get(id);
        return unit ? [{ unit, durationMinutes }] : [];
      }),
      requirements: item.requirements.map((ids) => inOrder(ids, (id) => id).flatMap((id) => resources.get(id) ?? [])),
    })),
    sameStaff: parts.sameStaff ?? false,
    sessions: parts.sessions ?? [],
    tally: tallyOf(parts.bookings ?? []),
  };
}

/** Which of a limit's numbers bookings that start on the date, or in its week, already reach. (S8) */
export function reachedBy(
  question: Question,
  limit: Limit,
  day: Day,
): { readonly day: boolean; readonly week: boolean } {
  const { days, weeks } = question.tally;
  const on = (counts: ReadonlyMap<string, number>, date: Day, most: number | undefined) =>
    most !== undefined && (counts.get(tallyKey(limit.kind, limit.id, date)) ?? 0) >= most;
  return { day: on(days, day, limit.perDay), week: on(weeks, weekOf(day), limit.perWeek) };
}

/** The local date of the question's now. */
export function today(question: Question): Day {
  return dayOf(question.line, nowMinute(question));
}

/** How many days after the end of the window the last item may end. */
const REACH_DAYS = 3;

function nowMinute({ nowMs }: { readonly nowMs: number }): Minute {
  return Math.floor(nowMs / 60_000);
}

function tallyOf(bookings: readonly CountedBooking[]): Tally {
  const days = new Map<string, number>();
  const weeks = new Map<string, number>();
  const count = (kind: Limit["kind"], id: string, day: Day) => {
    days.set(tallyKey(kind, id, day), (days.get(tallyKey(kind, id, day)) ?? 0) + 1);
    weeks.set(tallyKey(kind, id, weekOf(day)), (weeks.get(tallyKey(kind, id, weekOf(day))) ?? 0) + 1);
  };
  for (const booking of bookings) {
    count("PROVIDER", "", booking.day);
    for (const service of new Set(booking.services)) count("SERVICE", service, booking.day);
    for (const staff of new Set(booking.staff)) count("STAFF", staff, booking.day);
  }
  return { days, weeks };
}

function tallyKey(kind: Limit["kind"], id: string, day: Day): string {
  return `${kind}/${kind === "PROVIDER" ? "" : id}/${day}`;
}

function inOrder<T>(values: readonly T[], idOf: (value: T) => string): readonly T[] {
  return [...values].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}
