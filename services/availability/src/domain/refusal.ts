import { type Rule, ruleAt } from "./hours.ts";
import { type Candidate, type Item, type Limit, type Question, reachedBy, today } from "./question.ts";
import { covers } from "./spans.ts";
import { isFree, type TimeOff, type Unit } from "./unit.ts";
import type { Day, Minute, ZoneLine } from "./zone-line.ts";

/** The clause of the slot's definition that refuses, and what it refuses with. (S13) */
export type Refusal = { readonly item?: number; readonly staffId?: string; readonly unitId?: string } & (
  | {
      readonly clause: "S3";
      readonly kind: "PROVIDER_CLOSED" | "STAFF_CLOSED" | "RESOURCE_CLOSED";
      readonly because: Closure;
    }
  | { readonly clause: "S4"; readonly kind: "STAFF_BUSY" | "RESOURCE_BUSY"; readonly holders: readonly Holder[] }
  | { readonly clause: "S4"; readonly kind: "STAFF_AWAY" | "RESOURCE_AWAY"; readonly because: Closure }
  | { readonly clause: "S5"; readonly kind: "SEQUENCE_DOES_NOT_FIT" }
  | { readonly clause: "S6"; readonly kind: "NOT_ON_GRID" }
  | { readonly clause: "S7"; readonly kind: "TOO_SOON" | "TOO_FAR_AHEAD" }
  | { readonly clause: "S8"; readonly kind: "DAILY_LIMIT" | "WEEKLY_LIMIT"; readonly limit: Limit }
  | { readonly clause: "S9"; readonly kind: "NO_SEATS" | "PARTY_TOO_LARGE" }
  | { readonly clause: "S10"; readonly kind: "NO_STAFF" | "GONE" }
  | { readonly clause: "S12"; readonly kind: "OUTSIDE_WINDOW" }
);

/** A reservation or group session in the way. */
type Holder = { readonly id: string; readonly from: Minute; readonly to: Minute };

/** Why a stretch is not open: a time off, a break, or the hours of the rule that won. */
export type Closure =
  | { readonly kind: "TIME_OFF"; readonly timeOff: TimeOff }
  | { readonly kind: "BREAK" | "HOURS"; readonly rule: Rule };

/** Hears each refusal; where there is none, the first refusal is enough. */
export type Sink = (refusal: Refusal) => void;

/** Notice, horizon and the limits of provider and services. Answers whether the start is refused. (S7, S8) */
export function refusesStart(question: Question, start: Minute, day: Day, sink?: Sink): boolean {
  const { rules, items, nowMs } = question;
  let refused = false;
  if (start * 60_000 < nowMs + rules.noticeMinutes * 60_000) {
    if (!sink) return true;
    refused = true;
    sink({ clause: "S7", kind: "TOO_SOON" });
  }
  if (day > today(question) + rules.horizonDays) {
    if (!sink) return true;
    refused = true;
    sink({ clause: "S7", kind: "TOO_FAR_AHEAD" });
  }
  for (const limit of rules.limits) {
    if (limit.kind === "STAFF") continue;
    const item = limit.kind === "SERVICE" ? items.findIndex((one) => one.serviceId === limit.id) : undefined;
    if (item === -1 || !refusesByLimit(question, limit, day, item === undefined ? {} : { item }, sink)) continue;
    if (!sink) return true;
    refused = true;
  }
  return refused;
}

/** Whether a staff member has as many bookings as a limit allows. (S8) */
export function refusesStaff(question: Question, staff: Unit, day: Day, at: Partial<Where> = {}, sink?: Sink): boolean {
  let refused = false;
  for (const limit of question.rules.limits) {
    if (limit.kind !== "STAFF" || limit.id !== staff.id || !refusesByLimit(question, limit, day, at, sink)) continue;
    if (!sink) return true;
    refused = true;
  }
  return refused;
}

function refusesByLimit(
  question: Question,
  limit: Limit,
  day: Day,
  at: Partial<Where>,
  sink: Sink | undefined,
): boolean {
  const reached = reachedBy(question, limit, day);
  if (reached.day) sink?.({ ...at, clause: "S8", kind: "DAILY_LIMIT", limit });
  if (reached.week) sink?.({ ...at, clause: "S8", kind: "WEEKLY_LIMIT", limit });
  return reached.day || reached.week;
}

/** Names everything that keeps a candidate from serving an item at `[from, to)`, taken by itself. (S13) */
export function refuseCandidate(
  question: Question,
  index: number,
  item: Item,
  candidate: Candidate,
  from: Minute,
  day: Day,
  sink: Sink,
): void {
  const { unit } = candidate;
  const to = from + candidate.durationMinutes;
  const where = { item: index, staffId: unit.id };
  refusesStaff(question, unit, day, where, sink);
  if (!covers(question.open, from, to))
    for (const because of closures(question.line, question, from, to))
      sink({ ...where, clause: "S3", kind: "PROVIDER_CLOSED", because });
  refuseUnitClosed(question, unit, from, to, where, sink);
  const session = question.sessions.find(
    (s) => s.serviceId === item.serviceId && s.staffId === unit.id && s.from === from && item.capacity > 1,
  );
  if (session) {
    if (session.seats - session.taken.length < item.party) sink({ ...where, clause: "S9", kind: "NO_SEATS" });
    return;
  }
  const busyFrom = from - item.bufferBefore;
  const busyTo = to + item.bufferAfter;
  refuseUnitBusy(unit, 1, busyFrom, busyTo, where, sink);
  if (item.capacity > 1 && item.party > item.capacity) sink({ ...where, clause: "S9", kind: "PARTY_TOO_LARGE" });
  const lanes = item.capacity > 1 ? item.party : 1;
  for (const units of item.requirements) {
    if (units.some((u) => covers(u.open, from, to) && freeLanes(u, busyFrom, busyTo) >= lanes)) continue;
    for (const resource of units) {
      const at = { ...where, unitId: resource.id };
      if (covers(question.open, from, to)) refuseUnitClosed(question, resource, from, to, at, sink);
      refuseUnitBusy(resource, lanes, busyFrom, busyTo, at, sink);
      if (lanes > resource.lanes.length) sink({ ...at, clause: "S9", kind: "PARTY_TOO_LARGE" });
    }
  }
}

function refuseUnitClosed(question: Question, unit: Unit, from: Minute, to: Minute, at: Where, sink: Sink): void {
  if (covers(unit.open, from, to)) return;
  const own = { schedule: unit.schedule, timeOff: unit.timeOff };
  const kind = unit.kind === "STAFF" ? "STAFF_CLOSED" : "RESOURCE_CLOSED";
  for (const because of closures(question.line, own, from, to)) sink({ ...at, clause: "S3", kind, because });
}

function refuseUnitBusy(unit: Unit, lanes: number, from: Minute, to: Minute, at: Where, sink: Sink): void {
  const isStaff = unit.kind === "STAFF";
  if (freeLanes(unit, from, to) < lanes) {
    const holders = holdersOf(unit, from, to);
    if (holders.length > 0) sink({ ...at, clause: "S4", kind: isStaff ? "STAFF_BUSY" : "RESOURCE_BUSY", holders });
  }
  for (const timeOff of unit.timeOff)
    if (timeOff.from < to && from < timeOff.to)
      sink({
        ...at,
        clause: "S4",
        kind: isStaff ? "STAFF_AWAY" : "RESOURCE_AWAY",
        because: { kind: "TIME_OFF", timeOff },
      });
}

function holdersOf(unit: Unit, from: Minute, to: Minute): readonly Holder[] {
  const holders = new Map<string, Holder>();
  for (const { from: starts, to: ends, holders: ids } of unit.lanes)
    starts.forEach((start, i) => {
      const end = ends[i] ?? start;
      const id = ids[i] ?? "";
      if (start < to && from < end && !holders.has(id)) holders.set(id, { id, from: start, to: end });
    });
  return [...holders.values()];
}

function freeLanes(unit: Unit, from: Minute, to: Minute): number {
  let free = 0;
  for (let lane = 0; lane < unit.lanes.length; lane++) if (isFree(unit, lane, from, to)) free++;
  return free;
}

/** What closes somebody in `[from, to)`: their time off, and each rule of theirs by which a minute of it is not open. */
export function closures(
  line: ZoneLine,
  own: { readonly schedule: Question["schedule"] | undefined; readonly timeOff: readonly TimeOff[] },
  from: Minute,
  to: Minute,
): readonly Closure[] {
  const found: Closure[] = own.timeOff
    .filter((off) => off.from < to && from < off.to)
    .map((timeOff) => ({ kind: "TIME_OFF", timeOff }));
  if (!own.schedule) return found;
  const named = new Set<string>();
  for (let minute = from; minute < to; minute++) {
    const { rule, isOpen, onBreak } = ruleAt(own.schedule, line, minute);
    const key = `${rule.kind}/${JSON.stringify(rule.name)}/${onBreak}`;
    if (isOpen || named.has(key)) continue;
    named.add(key);
    found.push({ kind: onBreak ? "BREAK" : "HOURS", rule });
  }
  return found;
}

type Where = { readonly item: number; readonly staffId: string; readonly unitId?: string };
