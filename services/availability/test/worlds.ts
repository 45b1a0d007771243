import { makeQuestion, type Question } from "../src/domain/question.ts";
import { makeSchedule, type Schedule, type SpecialDate } from "../src/domain/schedule.ts";
import { findSlots, type Slot } from "../src/domain/slots.ts";
import type { UnitParts } from "../src/domain/unit.ts";
import { dayOfDate } from "../src/domain/zone-line.ts";
import type { OracleHours, OracleSchedule, OracleSlot, OracleUnit, World } from "./oracle.ts";

/** A small seeded source of numbers, so that a difference can be replayed by its seed. */
function dice(seed: number): {
  below: (n: number) => number;
  pick: <T>(values: readonly T[]) => T;
  chance: (p: number) => boolean;
} {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    chance: (p) => next() < p,
    pick: <T>(values: readonly T[]): T => {
      for (const value of values.slice(below(values.length))) return value;
      throw new Error("nothing to pick from");
    },
  };
}

/** A random provider, two days around an instant in minutes since 1970-01-01T00:00Z. */
export function randomWorld(seed: number, zone: string, around: number): World {
  const { below, pick, chance } = dice(seed);
  const from = around - 1440 + below(120);
  const to = from + 2880;
  const dates = Array.from({ length: 7 }, (_, i) =>
    Temporal.Instant.fromEpochMilliseconds((around + (i - 3) * 1440) * 60_000)
      .toZonedDateTimeISO(zone)
      .toPlainDate()
      .toString(),
  );
  const granularity = pick([5, 15, 30]);
  const minutes = (max: number) => below(Math.floor(max / granularity) + 1) * granularity;
  const hours = (): OracleHours => {
    if (chance(0.15)) return { intervals: [], breaks: [] };
    if (chance(0.15)) return { intervals: [{ from: 0, to: 1440 }], breaks: [] };
    const a = minutes(1200);
    const b = a + granularity + minutes(1500);
    const intervals = [{ from: a, to: Math.min(b, 2880) }];
    const c = b + granularity + minutes(400);
    if (chance(0.4) && c + granularity < 2880)
      intervals.push({ from: c, to: Math.min(2880, c + granularity + minutes(400)) });
    const breakFrom = a + minutes(400);
    const breaks = chance(0.5) && breakFrom < 2800 ? [{ from: breakFrom, to: breakFrom + pick([15, 30, 60]) }] : [];
    return { intervals, breaks };
  };
  const week = () => {
    const one = hours();
    return Array.from({ length: 7 }, () => (chance(0.6) ? one : hours()));
  };
  const distinct = (chanceOfEach: number) => [...new Set(dates)].filter(() => chance(chanceOfEach));
  const schedule = (): OracleSchedule => ({
    week: week(),
    seasons: chance(0.3)
      ? [
          { name: "long", first: "2000-01-01", last: "2040-01-01", week: week() },
          { name: "short", first: pick(dates), last: dates[6] ?? "", week: week() },
        ]
      : [],
    holidays: distinct(0.08).map((date) => ({ date, name: "holiday", hours: hours() })),
    overrides: distinct(0.1).map((date) => ({ date, name: "override", hours: hours() })),
  });
  const span = (length: number) => {
    const start = from - 600 + below(to - from + 1200);
    return { from: start, to: start + 5 + below(length) };
  };
  const offs = (p: number) => (chance(p) ? [{ id: "off", ...span(600) }] : []);
  const busyOn = (lanes: number, count: number) => {
    const taken: { lane: number; from: number; to: number; holder: string }[] = [];
    for (let i = 0; i < count; i++) {
      const one = { lane: 1 + below(lanes), ...span(120), holder: `r${i}` };
      if (!taken.some((t) => t.lane === one.lane && t.from < one.to && one.from < t.to)) taken.push(one);
    }
    return taken;
  };
  const isGroup = chance(0.2);
  const staff: OracleUnit[] = Array.from({ length: 1 + below(3) }, (_, i) => ({
    id: `s${i}`,
    capacity: 1,
    schedule: chance(0.3) ? schedule() : undefined,
    timeOff: offs(0.3),
    busy: busyOn(1, below(14)),
  }));
  const resources: OracleUnit[] = Array.from({ length: below(3) }, (_, i) => {
    const capacity = 1 + below(3);
    return {
      id: `r${i}`,
      capacity,
      schedule: chance(0.2) ? schedule() : undefined,
      timeOff: offs(0.2),
      busy: busyOn(capacity, below(20)),
    };
  });
  const ids = resources.map((r) => r.id);
  const items = Array.from({ length: pick([1, 1, 1, 2, 2, 3]) }, (_, i) => {
    const capacity = isGroup && chance(0.6) ? 2 + below(3) : 1;
    const able = staff.filter(() => chance(0.85));
    const duration = pick([5, 15, 20, 30, 45, 60, 90]);
    return {
      serviceId: `v${i % 2}`,
      candidates: able.map(({ id }) => ({ id, durationMinutes: chance(0.2) ? pick([10, 40]) : duration })),
      bufferBefore: pick([0, 0, 5, 10, 30]),
      bufferAfter: pick([0, 0, 5, 15, 40]),
      requirements:
        ids.length > 0 && chance(0.6) ? [chance(0.5) ? ids : [pick(ids)]].concat(chance(0.2) ? [[pick(ids)]] : []) : [],
      capacity,
      party: 1 + (capacity > 1 ? below(capacity) : below(2)),
    };
  });
  const now = from - pick([0, 300, 3000]) + below(300);
  const limits: World["rules"]["limits"] = chance(0.3)
    ? [
        { kind: "PROVIDER", id: "", perDay: pick([2, 3, undefined]), perWeek: pick([4, undefined]) },
        { kind: "SERVICE", id: "v0", perDay: 2, perWeek: undefined },
        { kind: "STAFF", id: "s0", perDay: 1, perWeek: pick([2, undefined]) },
      ]
    : [];
  const first = items[0];
  const sessions =
    first && first.capacity > 1
      ? Array.from({ length: below(9) }, (_, i) => {
          const at = from + minutes(2800);
          return {
            id: `g${i}`,
            serviceId: first.serviceId,
            staffId: pick(staff).id,
            from: at - (at % 30),
            seats: first.capacity,
            taken: Array.from({ length: below(first.capacity + 1) }, (_, k) => k + 1),
            resourceIds: ids.slice(0, 1),
          };
        }).filter((s, i, all) => all.findIndex((o) => o.from === s.from && o.staffId === s.staffId) === i)
      : [];
  return {
    zone,
    nowMs: now * 60_000 + pick([0, 1, 30_000]),
    from,
    to,
    rules: {
      stepMinutes: pick([5, 15, 20, 30, 60]),
      noticeMinutes: pick([0, 60, 600]),
      horizonDays: pick([0, 1, 2, 90]),
      hotWindowMinutes: 240,
      maxGapMinutes: items.length > 1 ? pick([0, 0, 5, 10]) : 0,
      limits,
    },
    schedule: schedule(),
    timeOff: offs(0.3),
    staff,
    resources,
    items,
    sameStaff: chance(0.2),
    perStaff: chance(0.2),
    sessions,
    bookings: Array.from({ length: below(5) }, () => ({
      date: pick(dates),
      services: [pick(["v0", "v1"])],
      staff: [pick(staff).id],
    })),
  };
}

/** A random provider around a written instant. */
export function worldAt(seed: number, zone: string, at: string): World {
  return randomWorld(seed, zone, Math.floor(Temporal.Instant.from(at).epochMilliseconds / 60_000));
}

/** The gaps between the items of a slot, in minutes. */
export function gapsOf(items: OracleSlot["items"]): readonly number[] {
  return items.slice(1).map((item, i) => item.from - (items[i]?.to ?? item.from));
}

/** The same world as the domain takes it. */
export function questionOf(world: World): Question {
  const unit = (u: OracleUnit, kind: "STAFF" | "RESOURCE"): UnitParts => ({
    id: u.id,
    kind,
    capacity: u.capacity,
    schedule: u.schedule && scheduleOf(u.schedule),
    timeOff: u.timeOff.map((off) => ({ ...off, reason: "" })),
    busy: u.busy,
  });
  return makeQuestion({
    zone: world.zone,
    nowMs: world.nowMs,
    from: world.from,
    to: world.to,
    rules: world.rules,
    schedule: scheduleOf(world.schedule),
    timeOff: world.timeOff.map((off) => ({ ...off, reason: "" })),
    staff: world.staff.map((s) => unit(s, "STAFF")),
    resources: world.resources.map((r) => unit(r, "RESOURCE")),
    items: world.items,
    sameStaff: world.sameStaff,
    sessions: world.sessions,
    bookings: world.bookings.map((b) => ({
      day: dayOfDate(Temporal.PlainDate.from(b.date)),
      services: b.services,
      staff: b.staff,
    })),
  });
}

/** The domain's answer in the oracle's words. */
export function answerOf(world: World): OracleSlot[] {
  return findSlots(questionOf(world), { perStaff: world.perStaff }).map(slotAsOracle);
}

function slotAsOracle(slot: Slot): OracleSlot {
  return {
    from: slot.from,
    to: slot.to,
    hot: slot.hot,
    items: slot.items.map((placed) => ({
      from: placed.from,
      to: placed.to,
      staff: placed.staff.id,
      uses: placed.uses.map((use) => ({ unit: use.unit.id, lanes: [...use.lanes] })),
      session: placed.session?.id,
    })),
  };
}

function scheduleOf(schedule: OracleSchedule): Schedule {
  const day = (date: string) => dayOfDate(Temporal.PlainDate.from(date));
  const special = (date: { date: string; name: string; hours: OracleHours }): SpecialDate => ({
    day: day(date.date),
    name: { en: date.name },
    hours: date.hours,
  });
  return makeSchedule({
    week: schedule.week,
    seasons: schedule.seasons.map((s) => ({
      name: { en: s.name },
      first: day(s.first),
      last: day(s.last),
      week: s.week,
    })),
    holidays: schedule.holidays.map(special),
    overrides: schedule.overrides.map(special),
  });
}
