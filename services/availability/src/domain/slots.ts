import { gridStarts } from "./hours.ts";
import { type Order, placeItems } from "./place-items.ts";
import type { Placed } from "./placed.ts";
import type { Candidate, Question } from "./question.ts";
import { type Refusal, refuseCandidate, refusesStart } from "./refusal.ts";
import { covers } from "./spans.ts";
import { reservedByDay, type Unit } from "./unit.ts";
import { type Day, dayOf, type Minute } from "./zone-line.ts";

/** A start that is offered, with the assignment that it would get. */
export type Slot = {
  readonly from: Minute;
  readonly to: Minute;
  readonly day: Day;
  readonly hot: boolean;
  readonly items: readonly Placed[];
};

export type Wish = {
  /** One slot per start and staff member of the first item, rather than one per start. (S12) */
  readonly perStaff?: boolean;
  /** Asked after each slot: go on, skip to the next local date, or stop. */
  readonly onSlot?: (slot: Slot) => "ON" | "NEXT_DAY" | "STOP";
};

/** The slots of the question's window, by start, then by staff member's id. (S1–S12) */
export function findSlots(question: Question, wish: Wish = {}): readonly Slot[] {
  const slots: Slot[] = [];
  const { line, rules, open } = question;
  const orders = ordersOf(question);
  const shortest = question.items.reduce((sum, { candidates }) => sum + least(candidates), 0);
  const earliest = Math.max(question.from, Math.ceil(question.nowMs / 60_000) + rules.noticeMinutes);
  let skipped: Day | undefined;
  let dayRefused: Day | undefined;
  for (const start of gridStarts(question.schedule, line, rules.stepMinutes, earliest, question.to)) {
    const day = dayOf(line, start);
    if (day === skipped || day === dayRefused) continue;
    if (!covers(open, start, start + (rules.maxGapMinutes > 0 ? 1 : shortest))) continue;
    if (refusesStart(question, start, day)) {
      // Past notice, only the horizon and limits refuse, and they refuse the whole date.
      dayRefused = day;
      continue;
    }
    for (const order of orders(day, wish.perStaff ?? false)) {
      const items = placeItems(question, start, day, order);
      if (!items) continue;
      const slot = { from: start, to: items[items.length - 1]?.to ?? start, day, hot: isHot(question, start), items };
      slots.push(slot);
      const next = wish.onSlot?.(slot) ?? "ON";
      if (next === "STOP") return slots;
      if (next === "NEXT_DAY") skipped = day;
    }
  }
  return slots;
}

/** The slot that an instant is, as findSlots would offer it, whatever the window; nothing where it is none. (S1–S11) */
export function slotAt(question: Question, start: Minute): Slot | undefined {
  const day = dayOf(question.line, start);
  if (!isOnGrid(question, start) || refusesStart(question, start, day)) return undefined;
  return slotOffGrid(question, start);
}

/** The slot that an instant would be if grid, notice, horizon and limits were not asked. */
function slotOffGrid(question: Question, start: Minute): Slot | undefined {
  const day = dayOf(question.line, start);
  const items = placeItems(question, start, day, orderOf(question, day));
  return items && { from: start, to: items[items.length - 1]?.to ?? start, day, hot: isHot(question, start), items };
}

/** Why an instant is or is not offered: the assignment, or every clause that refuses it. (S13) */
export function explainSlot(
  question: Question,
  start: Minute,
): { readonly slot: Slot | undefined; readonly refusals: readonly Refusal[] } {
  const refusals: Refusal[] = [];
  const sink = (refusal: Refusal) => {
    refusals.push(refusal);
  };
  const { line, items } = question;
  const day = dayOf(line, start);
  if (start < question.from || start >= question.to) sink({ clause: "S12", kind: "OUTSIDE_WINDOW" });
  if (!isOnGrid(question, start)) sink({ clause: "S6", kind: "NOT_ON_GRID" });
  refusesStart(question, start, day, sink);
  const way = slotOffGrid(question, start);
  if (way && refusals.length === 0) return { slot: way, refusals };
  if (!way) {
    const known = refusals.length;
    let from = start;
    items.forEach((item, index) => {
      if (item.candidates.length === 0) sink({ item: index, clause: "S10", kind: "NO_STAFF" });
      for (const candidate of item.candidates) refuseCandidate(question, index, item, candidate, from, day, sink);
      from += least(item.candidates);
    });
    if (refusals.length === known) sink({ clause: "S5", kind: "SEQUENCE_DOES_NOT_FIT" });
  }
  return { slot: undefined, refusals };
}

function isOnGrid({ schedule, line, rules }: Question, start: Minute): boolean {
  return gridStarts(schedule, line, rules.stepMinutes, start, start + 1).length > 0;
}

/** Starting in exactly the hot window is not hot. (S11, AV-04) */
function isHot(question: Question, start: Minute): boolean {
  return start * 60_000 - question.nowMs < question.rules.hotWindowMinutes * 60_000;
}

function least(candidates: readonly Candidate[]): number {
  return candidates.reduce((shortest, c) => Math.min(shortest, c.durationMinutes), Number.POSITIVE_INFINITY);
}

function orderOf(question: Question, day: Day): Order {
  return ordersOf(question)(day, false)[0] ?? (() => []);
}

/** The order of candidates on a date: fewest reserved minutes that start on it, then the lowest id. (S10) */
function ordersOf(question: Question): (day: Day, perStaff: boolean) => readonly Order[] {
  const reserved = new Map<Unit, ReadonlyMap<Day, number>>();
  const minutesOf = (unit: Unit, day: Day) => {
    let minutes = reserved.get(unit);
    if (!minutes) {
      minutes = reservedByDay(unit, question.line);
      reserved.set(unit, minutes);
    }
    return minutes.get(day) ?? 0;
  };
  let cachedDay: Day | undefined;
  let cached: readonly Order[] = [];
  return (day, perStaff) => {
    if (day === cachedDay) return cached;
    const sorted = question.items.map(({ candidates }) =>
      candidates.length < 2
        ? candidates
        : [...candidates].sort(
            (a, b) => minutesOf(a.unit, day) - minutesOf(b.unit, day) || (a.unit.id < b.unit.id ? -1 : 1),
          ),
    );
    const byItem: Order = (item) => sorted[item] ?? [];
    cachedDay = day;
    cached = perStaff
      ? (question.items[0]?.candidates ?? []).map((first): Order => {
          const only = [first];
          return (item) => (item === 0 ? only : byItem(item));
        })
      : [byItem];
    return cached;
  };
}
