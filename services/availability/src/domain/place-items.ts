import { claimsCollide } from "./claim.ts";
import type { Placed, Use } from "./placed.ts";
import type { Candidate, Item, Question, Session } from "./question.ts";
import { refusesStaff } from "./refusal.ts";
import { covers } from "./spans.ts";
import { isFree, type Unit } from "./unit.ts";
import type { Day, Minute } from "./zone-line.ts";

/**
 * The one way in which the sequence fits at a start: the lexicographically smallest gaps, then the assignment by
 * `order`, item by item; nothing where it does not fit. (S3, S4, S5, S9, S10)
 */
export function placeItems(question: Question, start: Minute, day: Day, order: Order): readonly Placed[] | undefined {
  const { items, rules } = question;
  const gaps = items.length > 1 ? gapsUpTo(rules.maxGapMinutes) : NO_GAP;
  let found = search(
    question,
    start,
    day,
    order,
    items.map(() => gaps),
  );
  if (!found || gaps.length === 1 || isTight(found)) return found;
  const fixed: (readonly number[])[] = items.map(() => gaps);
  for (let i = 1; i < items.length; i++) {
    for (const gap of gaps) {
      fixed[i] = [gap];
      const way = search(question, start, day, order, fixed);
      if (!way) continue;
      found = way;
      break;
    }
  }
  return found;
}

/** Candidates of an item in the order in which they are preferred. (S10) */
export type Order = (item: number) => readonly Candidate[];

const NO_GAP: readonly number[] = [0];
const GAP_STEP = 5;

function gapsUpTo(maxMinutes: number): readonly number[] {
  return Array.from({ length: Math.floor(maxMinutes / GAP_STEP) + 1 }, (_, i) => i * GAP_STEP);
}

function isTight(path: readonly Placed[]): boolean {
  return path.every((placed, i) => i === 0 || placed.from === path[i - 1]?.to);
}

/**
 * Depth first, in the order of preference. Whether the rest of a sequence fits depends only on the item before it
 * (its buffers are dropped where the same lane goes on), so a dead end is remembered by that and not tried twice.
 * Group sessions keep their buffers towards the booking's own items too, so with them a way is checked as a whole.
 */
function search(
  question: Question,
  start: Minute,
  day: Day,
  order: Order,
  gaps: readonly (readonly number[])[],
): readonly Placed[] | undefined {
  const { items } = question;
  const hasGroup = items.length > 1 && items.some((item) => item.capacity > 1);
  const deadEnds = new Set<string>();
  const path: Placed[] = [];

  const placeFrom = (index: number): boolean => {
    const item = items[index];
    if (!item) return !hasGroup || !claimsCollide(path);
    const before = path[index - 1];
    const key = before && !hasGroup ? keyOf(index, before) : undefined;
    if (key !== undefined && deadEnds.has(key)) return false;
    for (const gap of before ? (gaps[index] ?? NO_GAP) : NO_GAP) {
      const from = before ? before.to + gap : start;
      for (const candidate of order(index)) {
        if (question.sameStaff && before && candidate.unit !== before.staff) continue;
        if (placeWith(index, item, candidate, from, before)) return true;
      }
    }
    if (key !== undefined) deadEnds.add(key);
    return false;
  };

  const placeWith = (
    index: number,
    item: Item,
    candidate: Candidate,
    from: Minute,
    before: Placed | undefined,
  ): boolean => {
    const staff = candidate.unit;
    const to = from + candidate.durationMinutes;
    if (!covers(staff.open, from, to) || refusesStaff(question, staff, day)) return false;
    const session = item.capacity > 1 ? sessionAt(question, item, staff, from) : undefined;
    const goOn = (uses: readonly Use[], opensSeats: number): boolean => {
      const placed: Placed = { item, from, to, staff, uses, session, opensSeats };
      if (before && !leavesFree(before, placed)) return false;
      path.push(placed);
      if (placeFrom(index + 1)) return true;
      path.pop();
      return false;
    };
    if (session) {
      if (session.seats - session.taken.length < item.party) return false;
      if (!session.resourceIds.every((id) => isOpenFor(item, id, from, to))) return false;
      return goOn([], 0);
    }
    const isLast = index === items.length - 1;
    const busyTo = isLast || item.capacity > 1 ? to + item.bufferAfter : to;
    const goesOn = before !== undefined && continues(before, item) && before.staff === staff;
    if (!isFree(staff, 0, goesOn ? before.to : from - item.bufferBefore, busyTo)) return false;
    return useResources(question, item, from, to, busyTo, before, goOn);
  };

  return placeFrom(0) ? path : undefined;
}

/** Tries each way to fill the item's requirements: the lowest id that fits, then the lowest lanes. (S9, S10) */
function useResources(
  question: Question,
  item: Item,
  from: Minute,
  to: Minute,
  busyTo: Minute,
  before: Placed | undefined,
  goOn: (uses: readonly Use[], opensSeats: number) => boolean,
): boolean {
  const uses: Use[] = [];
  const isGroup = item.capacity > 1;
  if (isGroup && item.party > item.capacity) return false;
  const fill = (requirement: number): boolean => {
    const units = item.requirements[requirement];
    if (!units) {
      if (!isGroup) return goOn([...uses], 0);
      const seats = uses.reduce((least, use) => Math.min(least, use.lanes.length), item.capacity);
      return goOn(
        uses.map((use) => ({ ...use, lanes: use.lanes.slice(0, seats) })),
        seats,
      );
    }
    for (const unit of units) {
      if (uses.some((use) => use.unit === unit) || !covers(unit.open, from, to)) continue;
      const free: number[] = [];
      for (let lane = 1; lane <= unit.lanes.length; lane++) {
        const goesOn = before !== undefined && continues(before, item) && hasLane(before.uses, unit, lane);
        const busyFrom = goesOn ? before.to : from - item.bufferBefore;
        if (isFree(unit, lane - 1, busyFrom, busyTo)) free.push(lane);
        // One item alone: every free lane is as good as the lowest.
        if (!isGroup && free.length === 1 && question.items.length === 1) break;
      }
      const ways = isGroup
        ? free.length >= item.party
          ? [free.slice(0, item.capacity)]
          : []
        : free.map((lane) => [lane]);
      for (const lanes of ways) {
        uses.push({ unit, lanes });
        if (fill(requirement + 1)) return true;
        uses.pop();
      }
    }
    return false;
  };
  return fill(0);
}

/** Whether what the next item does not go on with is free for the after-buffer of the item before. (S5) */
function leavesFree(before: Placed, next: Placed): boolean {
  if (before.item.capacity > 1) return true;
  const until = before.to + before.item.bufferAfter;
  const same = continues(before, next.item);
  if (!(same && before.staff === next.staff) && !isFree(before.staff, 0, before.to, until)) return false;
  return before.uses.every(({ unit, lanes }) =>
    lanes.every((lane) => (same && hasLane(next.uses, unit, lane)) || isFree(unit, lane - 1, before.to, until)),
  );
}

/** Whether buffers are dropped between the two where they share a lane: not where one of them is a group session. */
function continues(before: Placed, next: Item): boolean {
  return before.item.capacity === 1 && next.capacity === 1;
}

function hasLane(uses: readonly Use[], unit: Unit, lane: number): boolean {
  return uses.some((use) => use.unit === unit && use.lanes.includes(lane));
}

function sessionAt(question: Question, item: Item, staff: Unit, from: Minute): Session | undefined {
  return question.sessions.find((s) => s.from === from && s.serviceId === item.serviceId && s.staffId === staff.id);
}

function isOpenFor(item: Item, resourceId: string, from: Minute, to: Minute): boolean {
  const unit = item.requirements.flat().find((u) => u.id === resourceId);
  return !unit || covers(unit.open, from, to);
}

function keyOf(index: number, before: Placed): string {
  return `${index}/${before.to}/${before.staff.id}/${before.uses.map((use) => `${use.unit.id}:${use.lanes}`).join(",")}`;
}
