import { describe, expect, test } from "@jest/globals";
import type { BookingRules, Calendar, OwnHours } from "./calendar.ts";
import { conflictsOf, type Kept, type Written } from "./conflicts.ts";
import { makeSchedule, type Schedule, weekFrom } from "./schedule.ts";

/** Midnight of Monday, 2 March 2026 in UTC, in minutes. */
const monday = Temporal.Instant.from("2026-03-02T00:00:00Z").epochMilliseconds / 60_000;
const written = Temporal.Instant.from("2026-02-01T00:00:00Z");
const nothing: Written = { schedules: new Map(), timeOff: new Map() };

function daily(from: number, to: number, breaks: { from: number; to: number }[] = []): Schedule {
  const hours = { intervals: [{ from: from * 60, to: to * 60 }], breaks };
  return makeSchedule({ week: weekFrom(new Map(Array.from({ length: 7 }, (_, day) => [day, hours]))) });
}

const off = (id: string, from: number, to: number) => ({
  id,
  reason: "",
  from: monday + from * 60,
  to: monday + to * 60,
});
const follows: OwnHours = { schedule: undefined, timeOff: [] };
const rules: BookingRules = {
  stepMinutes: 15,
  noticeMinutes: 60,
  horizonDays: 60,
  hotWindowMinutes: 240,
  travelMinutes: 30,
  hotDiscountPercent: 0,
  limits: [],
};
/** Open from 9 to 17; Amal cuts in a room of two chairs. */
const calendar: Calendar = {
  providerId: "p",
  zone: "UTC",
  published: true,
  rules,
  schedule: daily(9, 17),
  timeOff: [],
  services: new Map(),
  staff: [{ id: "amal", active: true, skills: { cut: null }, ...follows }],
  resources: [{ id: "chairs", active: true, kind: "chair", capacity: 2, ...follows }],
};
const amal = (own: Partial<Calendar["staff"][number]>): Calendar => ({
  ...calendar,
  staff: calendar.staff.map((staff) => ({ ...staff, ...own })),
});
const chairs = (own: Partial<Calendar["resources"][number]>): Calendar => ({
  ...calendar,
  resources: calendar.resources.map((resource) => ({ ...resource, ...own })),
});
/** A cut by Amal in the second chair, from one hour to another. */
const kept = (from: number, to: number, overrideTime?: Temporal.Instant): Kept => ({
  booking: "b",
  overrideTime,
  items: [
    {
      serviceId: "cut",
      staffId: "amal",
      from: monday + from * 60,
      to: monday + to * 60,
      resources: [{ resourceId: "chairs", lanes: [2] }],
    },
  ],
});
const told = (of: Calendar, booking = kept(10, 11), since = nothing) =>
  conflictsOf(of, since, booking).map(({ clause, kind, unitId }) =>
    [clause, kind, ...(unitId ? [unitId] : [])].join(" "),
  );

describe("given a booking from 10 to 11", () => {
  test.each<[string, Calendar, string[]]>([
    ["nothing changed", calendar, []],
    ["the provider now opens at 10", { ...calendar, schedule: daily(10, 17) }, []],
    ["the provider now opens at 11", { ...calendar, schedule: daily(11, 17) }, ["S3 PROVIDER_CLOSED"]],
    ["Amal now ends at 11", amal({ schedule: daily(9, 11) }), []],
    ["Amal now ends at 10:59", amal({ schedule: daily(9, 10 + 59 / 60) }), ["S3 STAFF_CLOSED"]],
    ["Amal has a break from 11", amal({ schedule: daily(9, 17, [{ from: 660, to: 720 }]) }), []],
    ["Amal has a break at 10:30", amal({ schedule: daily(9, 17, [{ from: 630, to: 640 }]) }), ["S3 STAFF_CLOSED"]],
    ["Amal is away from 11", amal({ timeOff: [off("o", 11, 12)] }), []],
    ["Amal is away until 10:01", amal({ timeOff: [off("o", 9, 10 + 1 / 60)] }), ["S3 STAFF_CLOSED"]],
    ["everybody is away", { ...calendar, timeOff: [off("o", 0, 24)] }, ["S3 PROVIDER_CLOSED"]],
    ["Amal has gone", amal({ active: false }), ["S10 GONE"]],
    ["Amal no longer cuts", amal({ skills: {} }), ["S10 NO_STAFF"]],
    ["the chairs have gone", chairs({ active: false }), ["S10 GONE chairs"]],
    ["one chair is left", chairs({ capacity: 1 }), ["S9 PARTY_TOO_LARGE chairs"]],
    ["the chairs are repaired", chairs({ timeOff: [off("o", 10, 11)] }), ["S3 RESOURCE_CLOSED chairs"]],
  ])("when %s, then what no longer fits is named", (_, of, expected) => {
    expect(told(of)).toEqual(expected);
  });
});

describe("given one that a member put outside of hours, from 7 to 8, on 1 February", () => {
  const early = kept(7, 8, written);
  const at = (seconds: number) => written.add({ seconds });
  const schedules = (seconds: number): Written => ({ ...nothing, schedules: new Map([["p", at(seconds)]]) });
  const away = amal({ timeOff: [off("o", 0, 24)] });
  const timeOff = (seconds: number): Written => ({ ...nothing, timeOff: new Map([["o", at(seconds)]]) });

  test("when hours and time off are as old as that or older, then it fits", () => {
    expect(told(calendar, early, schedules(0))).toEqual([]);
    expect(told(away, early, timeOff(0))).toEqual([]);
  });

  test("when they are written later, then they count", () => {
    expect(told(calendar, early, schedules(1))).toContain("S3 PROVIDER_CLOSED");
    expect(told(away, early, timeOff(1))).toEqual(["S3 STAFF_CLOSED"]);
  });

  test("when Amal has gone, then it conflicts whatever is older", () => {
    expect(told(amal({ active: false }), early)).toEqual(["S10 GONE"]);
  });
});
