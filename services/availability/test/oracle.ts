/**
 * A second reading of docs/slots.md: minute by minute, with Temporal for every minute, sharing no code with src/.
 * Slow and plain on purpose. Dates are ISO strings, instants are minutes since 1970-01-01T00:00Z.
 */
export type OracleHours = { intervals: { from: number; to: number }[]; breaks: { from: number; to: number }[] };
export type OracleSchedule = {
  week: OracleHours[];
  seasons: { name: string; first: string; last: string; week: OracleHours[] }[];
  holidays: { date: string; name: string; hours: OracleHours }[];
  overrides: { date: string; name: string; hours: OracleHours }[];
};
export type OracleUnit = {
  id: string;
  capacity: number;
  schedule: OracleSchedule | undefined;
  timeOff: { id: string; from: number; to: number }[];
  busy: { lane: number; from: number; to: number; holder: string }[];
};
type OracleItem = {
  serviceId: string;
  candidates: { id: string; durationMinutes: number }[];
  bufferBefore: number;
  bufferAfter: number;
  requirements: string[][];
  capacity: number;
  party: number;
};
type OracleLimit = {
  kind: "PROVIDER" | "SERVICE" | "STAFF";
  id: string;
  perDay: number | undefined;
  perWeek: number | undefined;
};
export type World = {
  zone: string;
  nowMs: number;
  from: number;
  to: number;
  rules: {
    stepMinutes: number;
    noticeMinutes: number;
    horizonDays: number;
    hotWindowMinutes: number;
    maxGapMinutes: number;
    limits: OracleLimit[];
  };
  schedule: OracleSchedule;
  timeOff: { id: string; from: number; to: number }[];
  staff: OracleUnit[];
  resources: OracleUnit[];
  items: OracleItem[];
  sameStaff: boolean;
  perStaff: boolean;
  sessions: {
    id: string;
    serviceId: string;
    staffId: string;
    from: number;
    seats: number;
    taken: number[];
    resourceIds: string[];
  }[];
  bookings: { date: string; services: string[]; staff: string[] }[];
};
export type OracleSlot = {
  from: number;
  to: number;
  hot: boolean;
  items: {
    from: number;
    to: number;
    staff: string;
    uses: { unit: string; lanes: number[] }[];
    session: string | undefined;
  }[];
};

type Way = OracleSlot["items"][number] & { item: OracleItem };

/** Every slot of the world's window. */
export function oracleSlots(world: World): OracleSlot[] {
  const clock = wallClock(world.zone);
  const open = new Map<OracleSchedule, Map<number, boolean>>();
  const isOpen = (schedule: OracleSchedule, minute: number): boolean => {
    const known = open.get(schedule) ?? new Map<number, boolean>();
    open.set(schedule, known);
    let answer = known.get(minute);
    if (answer === undefined) {
      answer = openAt(schedule, clock, minute);
      known.set(minute, answer);
    }
    return answer;
  };
  const within = (off: { from: number; to: number }[], minute: number) =>
    off.some((o) => o.from <= minute && minute < o.to);
  const providerOpen = (minute: number) => isOpen(world.schedule, minute) && !within(world.timeOff, minute);
  const unitOpen = (unit: OracleUnit, minute: number) =>
    providerOpen(minute) && (!unit.schedule || isOpen(unit.schedule, minute)) && !within(unit.timeOff, minute);
  const everyMinute = (from: number, to: number, ask: (minute: number) => boolean) => {
    for (let minute = from; minute < to; minute++) if (!ask(minute)) return false;
    return true;
  };
  const laneFree = (unit: OracleUnit, lane: number, from: number, to: number) =>
    everyMinute(
      from,
      to,
      (m) => !unit.busy.some((b) => b.lane === lane && b.from <= m && m < b.to) && !within(unit.timeOff, m),
    );
  const unitById = new Map([...world.staff, ...world.resources].map((unit) => [unit.id, unit]));
  const unitOf = (id: string): OracleUnit => {
    const unit = unitById.get(id);
    if (!unit) throw new Error(`no unit ${id}`);
    return unit;
  };

  /** All ways for one item at a start, best first, each by itself. */
  const waysAt = (item: OracleItem, from: number, day: string): Way[] => {
    const ways: Way[] = [];
    const load = (id: string) =>
      unitOf(id).busy.reduce((sum, b) => sum + (clock(b.from).date === day ? b.to - b.from : 0), 0);
    const candidates = [...item.candidates].sort((a, b) => load(a.id) - load(b.id) || (a.id < b.id ? -1 : 1));
    for (const { id, durationMinutes } of candidates) {
      const to = from + durationMinutes;
      const staff = unitOf(id);
      if (!everyMinute(from, to, (m) => unitOpen(staff, m))) continue;
      if (world.rules.limits.some((l) => l.kind === "STAFF" && l.id === id && limitReached(world, l, day))) continue;
      const group = item.capacity > 1;
      const session = group
        ? world.sessions.find((s) => s.from === from && s.serviceId === item.serviceId && s.staffId === id)
        : undefined;
      if (session) {
        const roomsOpen = session.resourceIds
          .filter((r) => item.requirements.flat().includes(r))
          .every((r) => everyMinute(from, to, (m) => unitOpen(unitOf(r), m)));
        if (session.seats - session.taken.length >= item.party && roomsOpen)
          ways.push({ item, from, to, staff: id, uses: [], session: session.id });
        continue;
      }
      if (group && item.party > item.capacity) continue;
      let partial: { unit: string; lanes: number[] }[][] = [[]];
      for (const requirement of item.requirements) {
        partial = partial.flatMap((uses) =>
          [...requirement].sort().flatMap((unitId) => {
            const unit = unitOf(unitId);
            if (uses.some((use) => use.unit === unitId) || !everyMinute(from, to, (m) => unitOpen(unit, m))) return [];
            const lanes = Array.from({ length: unit.capacity }, (_, i) => i + 1);
            if (!group) return lanes.map((lane) => [...uses, { unit: unitId, lanes: [lane] }]);
            const free = lanes.filter((lane) => laneFree(unit, lane, from - item.bufferBefore, to + item.bufferAfter));
            return free.length >= item.party ? [[...uses, { unit: unitId, lanes: free.slice(0, item.capacity) }]] : [];
          }),
        );
      }
      for (const uses of partial) {
        const seats = Math.min(item.capacity, ...uses.map((use) => use.lanes.length));
        ways.push({
          item,
          from,
          to,
          staff: id,
          uses: group ? uses.map((use) => ({ ...use, lanes: use.lanes.slice(0, seats) })) : uses,
          session: undefined,
        });
      }
    }
    return ways;
  };

  /** Whether every lane that the whole sequence needs is free, buffers within the booking dropped. */
  const holds = (path: Way[]): boolean => {
    const spans: { unit: string; lane: number; from: number; to: number; last: number; session: boolean }[] = [];
    path.forEach((way, index) => {
      if (way.session !== undefined) return;
      const group = way.item.capacity > 1;
      for (const use of [{ unit: way.staff, lanes: [1] }, ...way.uses])
        for (const lane of use.lanes) {
          const running = spans.find(
            (s) => !group && !s.session && s.unit === use.unit && s.lane === lane && s.last === index - 1,
          );
          if (running) {
            running.to = way.to + way.item.bufferAfter;
            running.last = index;
          } else
            spans.push({
              unit: use.unit,
              lane,
              from: way.from - way.item.bufferBefore,
              to: way.to + way.item.bufferAfter,
              last: index,
              session: group,
            });
        }
    });
    return spans.every(
      (s, i) =>
        laneFree(unitOf(s.unit), s.lane, s.from, s.to) &&
        !spans.some(
          (o, k) =>
            k !== i &&
            (o.session || s.session) &&
            o.unit === s.unit &&
            o.lane === s.lane &&
            o.from < s.to &&
            s.from < o.to,
        ),
    );
  };

  const gaps: number[] = [];
  for (let gap = 0; gap <= world.rules.maxGapMinutes; gap += 5) gaps.push(gap);

  const bestAt = (start: number, day: string, first: string | undefined): Way[] | undefined => {
    for (const vector of vectors(gaps, world.items.length - 1)) {
      const walk = (path: Way[]): Way[] | undefined => {
        const item = world.items[path.length];
        if (!item) return holds(path) ? path : undefined;
        const before = path[path.length - 1];
        const from = before ? before.to + (vector[path.length - 1] ?? 0) : start;
        for (const way of waysAt(item, from, day)) {
          if (!before && first !== undefined && way.staff !== first) continue;
          if (before && world.sameStaff && way.staff !== before.staff) continue;
          const found = walk([...path, way]);
          if (found) return found;
        }
        return undefined;
      };
      const found = walk([]);
      if (found) return found;
    }
    return undefined;
  };

  const slots: OracleSlot[] = [];
  const today = Temporal.PlainDate.from(clock(Math.floor(world.nowMs / 60_000)).date);
  for (let start = world.from; start < world.to; start++) {
    const { date } = clock(start);
    if (!onGrid(world, clock, start)) continue;
    if (start * 60_000 < world.nowMs + world.rules.noticeMinutes * 60_000) continue;
    if (Temporal.PlainDate.compare(date, today.add({ days: world.rules.horizonDays })) > 0) continue;
    const refused = world.rules.limits.some(
      (l) =>
        (l.kind === "PROVIDER" || (l.kind === "SERVICE" && world.items.some((i) => i.serviceId === l.id))) &&
        limitReached(world, l, date),
    );
    if (refused) continue;
    const firsts = world.perStaff ? (world.items[0]?.candidates.map((c) => c.id).sort() ?? []) : [undefined];
    for (const first of firsts) {
      const path = bestAt(start, date, first);
      const last = path?.[path.length - 1];
      if (!path || !last) continue;
      slots.push({
        from: start,
        to: last.to,
        hot: start * 60_000 - world.nowMs < world.rules.hotWindowMinutes * 60_000,
        items: path.map(({ from, to, staff, uses, session }) => ({ from, to, staff, uses, session })),
      });
    }
  }
  return slots;
}

type Clock = (minute: number) => { date: string; minute: number; before: string; hasBefore: boolean };

function wallClock(zone: string): Clock {
  const known = new Map<number, ReturnType<Clock>>();
  return (minute) => {
    let answer = known.get(minute);
    if (!answer) {
      const time = Temporal.Instant.fromEpochMilliseconds(minute * 60_000).toZonedDateTimeISO(zone);
      const before = time.toPlainDate().subtract({ days: 1 });
      const noon = before.toZonedDateTime({ timeZone: zone, plainTime: "12:00" });
      answer = {
        date: time.toPlainDate().toString(),
        minute: time.hour * 60 + time.minute,
        before: before.toString(),
        hasBefore: noon.toPlainDate().equals(before),
      };
      known.set(minute, answer);
    }
    return answer;
  };
}

function ruleOf(schedule: OracleSchedule, date: string): OracleHours {
  const override = schedule.overrides.find((o) => o.date === date);
  if (override) return override.hours;
  const holiday = schedule.holidays.find((h) => h.date === date);
  if (holiday) return holiday.hours;
  const weekday = Temporal.PlainDate.from(date).dayOfWeek - 1;
  const season = schedule.seasons
    .filter((s) => s.first <= date && date <= s.last)
    .sort((a, b) => (a.first < b.first ? 1 : -1))[0];
  return (season ?? schedule).week[weekday] ?? { intervals: [], breaks: [] };
}

function openAt(schedule: OracleSchedule, clock: Clock, minute: number): boolean {
  const wall = clock(minute);
  const inside = (hours: OracleHours, m: number) =>
    hours.intervals.some((i) => i.from <= m && m < i.to) && !hours.breaks.some((b) => b.from <= m && m < b.to);
  if (inside(ruleOf(schedule, wall.date), wall.minute)) return true;
  return wall.hasBefore && inside(ruleOf(schedule, wall.before), wall.minute + 1440);
}

function onGrid(world: World, clock: Clock, minute: number): boolean {
  const wall = clock(minute);
  const { stepMinutes } = world.rules;
  const onStep = (hours: OracleHours, m: number) =>
    hours.intervals.some((i) => i.from <= m && m < i.to && (m - i.from) % stepMinutes === 0);
  if (onStep(ruleOf(world.schedule, wall.date), wall.minute)) return true;
  return wall.hasBefore && onStep(ruleOf(world.schedule, wall.before), wall.minute + 1440);
}

function limitReached(world: World, limit: OracleLimit, date: string): boolean {
  const counts = world.bookings.filter(
    (b) =>
      limit.kind === "PROVIDER" ||
      (limit.kind === "SERVICE" ? b.services.includes(limit.id) : b.staff.includes(limit.id)),
  );
  const week = (d: string) => {
    const day = Temporal.PlainDate.from(d);
    return `${day.yearOfWeek}-${day.weekOfYear}`;
  };
  const onDay = counts.filter((b) => b.date === date).length;
  const inWeek = counts.filter((b) => week(b.date) === week(date)).length;
  return (
    (limit.perDay !== undefined && onDay >= limit.perDay) || (limit.perWeek !== undefined && inWeek >= limit.perWeek)
  );
}

function* vectors(values: number[], length: number): Generator<number[]> {
  if (length <= 0) yield [];
  else for (const value of values) for (const rest of vectors(values, length - 1)) yield [value, ...rest];
}
