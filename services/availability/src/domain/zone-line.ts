/** Minutes since 1970-01-01T00:00Z. */
export type Minute = number;
/** Days since 1970-01-01 of a calendar on a wall. */
export type Day = number;

export const DAY_MINUTES = 1440;

/** A zone's time as stretches of constant offset: stretch i runs from `starts[i]` to `starts[i + 1]`; wall = instant + offset. */
export type ZoneLine = {
  readonly zone: string;
  readonly from: Minute;
  readonly to: Minute;
  readonly starts: readonly Minute[];
  readonly offsets: readonly number[];
};

/**
 * The stretches of constant offset of an IANA zone that cover `[from, to)` instant minutes.
 * Throws RangeError for a zone that does not exist. Answers are remembered: a zone's history does not change while we run.
 */
export function zoneLine(zone: string, from: Minute, to: Minute): ZoneLine {
  const known = remembered.get(zone);
  if (known && known.from <= from && to <= known.to) return known;
  const line = readLine(zone, Math.min(from, known?.from ?? from) - MARGIN, Math.max(to, known?.to ?? to) + MARGIN);
  if (remembered.size >= 600) remembered.clear();
  remembered.set(zone, line);
  return line;
}

/** The local date of an instant. */
export function dayOf(line: ZoneLine, minute: Minute): Day {
  return Math.floor((minute + offsetAt(line, minute)) / DAY_MINUTES);
}

/** Wall minutes minus instant minutes at an instant. */
export function offsetAt(line: ZoneLine, minute: Minute): number {
  return line.offsets[stretchAt(line, minute)] ?? 0;
}

/** Calls back for each piece of `[wallFrom, wallTo)` wall minutes that comes to pass, in order of instants; a repeated hour comes twice. */
export function eachPassing(
  line: ZoneLine,
  wallFrom: number,
  wallTo: number,
  piece: (from: Minute, to: Minute, offset: number) => void,
): void {
  // No zone is more than 15 hours from UTC: only stretches near the wall time can hold it.
  for (let i = stretchAt(line, wallFrom - 900); i < line.starts.length; i++) {
    const start = line.starts[i] ?? 0;
    if (start >= wallTo + 900) return;
    const end = line.starts[i + 1] ?? line.to;
    const offset = line.offsets[i] ?? 0;
    const from = Math.max(start, wallFrom - offset);
    const to = Math.min(end, wallTo - offset);
    if (from < to) piece(from, to, offset);
  }
}

/** Whether the zone has that date at all: Apia had no 30 December 2011. (S1) */
export function dayExists(line: ZoneLine, day: Day): boolean {
  let exists = false;
  eachPassing(line, day * DAY_MINUTES, (day + 1) * DAY_MINUTES, () => {
    exists = true;
  });
  return exists;
}

/** The Monday that begins the date's ISO week. */
export function weekOf(day: Day): Day {
  return day - weekdayOf(day);
}

/** 0 is Monday, 6 is Sunday. */
export function weekdayOf(day: Day): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** A calendar date as days since 1970-01-01. */
export function dayOfDate(date: Temporal.PlainDate): Day {
  return EPOCH.until(date, { largestUnit: "days" }).days;
}

export function dateOfDay(day: Day): Temporal.PlainDate {
  return EPOCH.add({ days: day });
}

/** The minute of an instant; a part of a minute is rounded down. */
export function minuteOf(instant: Temporal.Instant): Minute {
  return Math.floor(instant.epochMilliseconds / 60_000);
}

export function instantOf(minute: Minute): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(minute * 60_000);
}

/** The first instant minute of a local date, or of the first date after it that exists. */
export function startOfDay(line: ZoneLine, day: Day): Minute {
  for (let candidate = day; ; candidate++) {
    let first: Minute | undefined;
    eachPassing(line, candidate * DAY_MINUTES, (candidate + 1) * DAY_MINUTES, (from) => {
      first ??= from;
    });
    if (first !== undefined) return first;
  }
}

const EPOCH = Temporal.PlainDate.from("1970-01-01");
const MARGIN = 400 * DAY_MINUTES;
const remembered = new Map<string, ZoneLine>();

function readLine(zone: string, from: Minute, to: Minute): ZoneLine {
  const starts = [from];
  let time = instantOf(from).toZonedDateTimeISO(zone);
  const offsets = [minutesOf(time)];
  for (;;) {
    const next = time.getTimeZoneTransition("next");
    if (!next || minuteOf(next.toInstant()) >= to) return { zone, from, to, starts, offsets };
    time = next;
    starts.push(minuteOf(time.toInstant()));
    offsets.push(minutesOf(time));
  }
}

function minutesOf(time: Temporal.ZonedDateTime): number {
  return Math.round(time.offsetNanoseconds / 60e9);
}

function stretchAt(line: ZoneLine, minute: Minute): number {
  let low = 0;
  let high = line.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((line.starts[middle] ?? 0) <= minute) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
