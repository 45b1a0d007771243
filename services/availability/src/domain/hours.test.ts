import { describe, expect, test } from "@jest/globals";
import { effectiveHours, gridStarts, openSpans, ruleAt } from "./hours.ts";
import { type Hours, makeSchedule, weekFrom } from "./schedule.ts";
import { dayOfDate, instantOf, minuteOf, zoneLine } from "./zone-line.ts";

const at = (text: string) => minuteOf(Temporal.Instant.from(text));
const day = (text: string) => dayOfDate(Temporal.PlainDate.from(text));
const hours = (from: number, to: number, ...breaks: [number, number][]): Hours => ({
  intervals: [{ from, to }],
  breaks: breaks.map(([f, t]) => ({ from: f, to: t })),
});
const daily = (one: Hours) => Array.from({ length: 7 }, () => one);
const CLOSED: Hours = { intervals: [], breaks: [] };

function openOf(zone: string, week: readonly Hours[], from: string, to: string): readonly string[] {
  const spans = openSpans(makeSchedule({ week }), zoneLine(zone, at(from), at(to)), at(from), at(to));
  const out: string[] = [];
  for (let i = 0; i < spans.length; i += 2)
    if ((spans[i + 1] ?? 0) > at(from) && (spans[i] ?? 0) < at(to))
      out.push(`${instantOf(spans[i] ?? 0)}/${instantOf(spans[i + 1] ?? 0)}`);
  return out;
}

describe("open time (S1)", () => {
  test("given hours over midnight, when the next date is closed, then the tail is open all the same", () => {
    const week = weekFrom(new Map([[4, hours(1320, 1560)]]));
    expect(openOf("UTC", week, "2026-03-06T00:00Z", "2026-03-08T00:00Z")).toEqual([
      "2026-03-06T22:00:00Z/2026-03-07T02:00:00Z",
    ]);
  });

  test("given 01:00–04:00, when 02:00–03:00 is skipped, then two hours are open, without a hole", () => {
    const spans = openOf("America/New_York", daily(hours(60, 240)), "2026-03-08T00:00Z", "2026-03-08T23:00Z");
    expect(spans).toEqual(["2026-03-08T06:00:00Z/2026-03-08T08:00:00Z"]);
  });

  test("given 02:15–02:45, when that hour is skipped, then nothing is open that date", () => {
    expect(openOf("America/New_York", daily(hours(135, 165)), "2026-03-08T05:00Z", "2026-03-09T04:00Z")).toEqual([]);
  });

  test("given 01:00–02:00, when that hour comes twice, then it is open twice", () => {
    const spans = openOf("America/New_York", daily(hours(60, 120)), "2026-11-01T00:00Z", "2026-11-01T23:00Z");
    expect(spans).toEqual(["2026-11-01T05:00:00Z/2026-11-01T07:00:00Z"]);
  });

  test("given 01:15–01:45, when that hour comes twice, then there are two openings", () => {
    const spans = openOf("America/New_York", daily(hours(75, 105)), "2026-11-01T00:00Z", "2026-11-01T23:00Z");
    expect(spans).toEqual(["2026-11-01T05:15:00Z/2026-11-01T05:45:00Z", "2026-11-01T06:15:00Z/2026-11-01T06:45:00Z"]);
  });

  test("given 20:00–02:00 each date, when 30 December never came, then neither did its hours, its tail, or a tail into it", () => {
    const spans = openOf("Pacific/Apia", daily(hours(1200, 1560)), "2011-12-29T10:00Z", "2012-01-01T05:00Z");
    expect(spans).toEqual([
      "2011-12-29T06:00:00Z/2011-12-29T12:00:00Z",
      // The 29th opens at 20:00 (06:00Z on the 30th) and ends with the date; the 31st begins closed.
      "2011-12-30T06:00:00Z/2011-12-30T10:00:00Z",
      "2011-12-31T06:00:00Z/2011-12-31T12:00:00Z",
    ]);
  });

  test("given a break in a tail, when asked, then the break is cut out of the tail", () => {
    const spans = openOf(
      "UTC",
      weekFrom(new Map([[4, hours(1320, 1560, [1470, 1500])]])),
      "2026-03-06T00:00Z",
      "2026-03-08T00:00Z",
    );
    expect(spans).toEqual(["2026-03-06T22:00:00Z/2026-03-07T00:30:00Z", "2026-03-07T01:00:00Z/2026-03-07T02:00:00Z"]);
  });

  test("given a tail over the next date's break, when asked, then it is open either way", () => {
    const week = weekFrom(
      new Map([
        [4, hours(1320, 1560)],
        [5, hours(0, 600, [30, 60])],
      ]),
    );
    expect(openOf("UTC", week, "2026-03-06T00:00Z", "2026-03-08T00:00Z")).toEqual([
      "2026-03-06T22:00:00Z/2026-03-07T10:00:00Z",
    ]);
  });
});

describe("the rule of a date (S2)", () => {
  const ramadan = {
    name: { en: "Ramadan" },
    first: day("2026-02-18"),
    last: day("2026-03-19"),
    week: daily(hours(1200, 1560)),
  };
  const lastTen = {
    name: { en: "last ten nights" },
    first: day("2026-03-10"),
    last: day("2026-03-19"),
    week: daily(hours(1260, 1500)),
  };
  const touching: Hours = {
    intervals: [
      { from: 1380, to: 1500 },
      { from: 1500, to: 1560 },
    ],
    breaks: [],
  };
  const schedule = makeSchedule({
    week: daily(hours(540, 1020)),
    seasons: [ramadan, lastTen],
    holidays: [
      { day: day("2026-03-20"), name: { en: "Eid" }, hours: CLOSED },
      { day: day("2026-03-15"), name: { en: "Holiday" }, hours: CLOSED },
    ],
    overrides: [{ day: day("2026-03-15"), name: { en: "open house" }, hours: hours(600, 660) }],
  });

  test.each([
    ["2026-02-17", { kind: "WEEKLY", name: {} }],
    ["2026-02-18", { kind: "SEASON", name: { en: "Ramadan" } }],
    ["2026-03-09", { kind: "SEASON", name: { en: "Ramadan" } }],
    ["2026-03-10", { kind: "SEASON", name: { en: "last ten nights" } }],
    ["2026-03-15", { kind: "OVERRIDE", name: { en: "open house" } }],
    ["2026-03-19", { kind: "SEASON", name: { en: "last ten nights" } }],
    ["2026-03-20", { kind: "HOLIDAY", name: { en: "Eid" } }],
    ["2026-03-21", { kind: "WEEKLY", name: {} }],
  ])("given the calendar of 2026, when asked for %s, then %j wins", (date, rule) => {
    expect(effectiveHours(schedule, day(date)).rule).toEqual(rule);
  });

  test.each([
    [
      "overlap",
      {
        week: daily({
          intervals: [
            { from: 0, to: 60 },
            { from: 30, to: 90 },
          ],
          breaks: [],
        }),
      },
    ],
    [
      "touch",
      {
        week: daily({
          intervals: [
            { from: 0, to: 60 },
            { from: 60, to: 90 },
          ],
          breaks: [],
        }),
      },
    ],
    ["touch after midnight", { week: [], overrides: [{ day: 1, name: {}, hours: touching }] }],
    ["are of two seasons from one date", { week: [], seasons: [ramadan, { ...lastTen, first: ramadan.first }] }],
    [
      "are two overrides of one date",
      {
        week: [],
        overrides: [
          { day: 1, name: {}, hours: CLOSED },
          { day: 1, name: {}, hours: CLOSED },
        ],
      },
    ],
  ])("given hours that %s, when written, then they are refused", (what, parts) => {
    const reason = what.startsWith("are") ? "DAY_REPEATED" : "HOURS_OVERLAP";
    expect(() => makeSchedule(parts)).toThrow(expect.objectContaining({ reason }));
  });

  test("given an interval that ends where the next begins a minute later, when written, then it is taken", () => {
    const week = daily({
      intervals: [
        { from: 0, to: 60 },
        { from: 61, to: 2880 },
      ],
      breaks: [],
    });
    expect(makeSchedule({ week }).week).toBe(week);
  });
});

describe("the grid (S6)", () => {
  const grid = (zone: string, one: Hours, step: number, from: string, to: string) =>
    gridStarts(makeSchedule({ week: daily(one) }), zoneLine(zone, at(from), at(to)), step, at(from), at(to)).map(
      (m) => `${instantOf(m)}`,
    );

  test("given 09:10–10:10 by 20, when asked, then starts count from the interval's beginning, its end excluded", () => {
    expect(grid("UTC", hours(550, 610), 20, "2026-03-06T00:00Z", "2026-03-07T00:00Z")).toEqual([
      "2026-03-06T09:10:00Z",
      "2026-03-06T09:30:00Z",
      "2026-03-06T09:50:00Z",
    ]);
  });

  test("given a repeated hour by 30, when asked, then both occurrences count", () => {
    expect(grid("America/New_York", hours(60, 150), 30, "2026-11-01T05:00Z", "2026-11-01T08:00Z")).toEqual([
      "2026-11-01T05:00:00Z",
      "2026-11-01T05:30:00Z",
      "2026-11-01T06:00:00Z",
      "2026-11-01T06:30:00Z",
      "2026-11-01T07:00:00Z",
    ]);
  });

  test("given Lord Howe's half hour forward by 60, when asked, then starts go by the wall", () => {
    expect(grid("Australia/Lord_Howe", hours(0, 300), 60, "2025-10-04T13:30Z", "2025-10-04T18:00Z")).toEqual([
      "2025-10-04T13:30:00Z",
      "2025-10-04T14:30:00Z",
      // 02:00 does not come: the wall goes from 01:59 to 02:30.
      "2025-10-04T16:00:00Z",
      "2025-10-04T17:00:00Z",
    ]);
  });

  test("given a tail and the next date's hours, when both contain a start, then it comes once, from either", () => {
    const week = daily({
      intervals: [
        { from: 20, to: 80 },
        { from: 1380, to: 1500 },
      ],
      breaks: [],
    });
    const starts = gridStarts(makeSchedule({ week }), zoneLine("UTC", 0, 4000), 30, 2880, 2960);
    expect(starts).toEqual([2880, 2900, 2910, 2930]);
  });
});

test("given a break, when an instant in it is explained, then the rule and the break are named", () => {
  const schedule = makeSchedule({ week: daily(hours(540, 1020, [720, 780])) });
  const line = zoneLine("UTC", 0, 2880);
  expect(ruleAt(schedule, line, 719)).toEqual({ rule: { kind: "WEEKLY", name: {} }, isOpen: true, onBreak: false });
  expect(ruleAt(schedule, line, 720)).toEqual({ rule: { kind: "WEEKLY", name: {} }, isOpen: false, onBreak: true });
  expect(ruleAt(schedule, line, 1020)).toEqual({ rule: { kind: "WEEKLY", name: {} }, isOpen: false, onBreak: false });
});
