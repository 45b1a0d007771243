import { describe, expect, test } from "@jest/globals";
import { claimsOf } from "./claim.ts";
import { type ItemParts, makeQuestion, type QuestionParts } from "./question.ts";
import { makeSchedule } from "./schedule.ts";
import { explainSlot, findSlots } from "./slots.ts";
import type { Busy } from "./unit.ts";

/** 1 January 2026, a Thursday, in UTC; open 09:00–12:00 every date; hourly starts; one hour of service. */
const DATE = 20_454;
const MIDNIGHT = DATE * 1440;
const at = (hour: number, minute = 0) => MIDNIGHT + hour * 60 + minute;
const busy = (from: number, to: number, lane = 1): Busy => ({ lane, from, to, holder: `r${from - MIDNIGHT}` });
const item: ItemParts = {
  serviceId: "cut",
  candidates: [{ id: "amal", durationMinutes: 60 }],
  bufferBefore: 0,
  bufferAfter: 0,
  requirements: [],
  capacity: 1,
  party: 1,
};
const parts: QuestionParts = {
  zone: "UTC",
  nowMs: (MIDNIGHT - 1440) * 60_000,
  from: MIDNIGHT,
  to: MIDNIGHT + 1440,
  rules: { stepMinutes: 60, noticeMinutes: 0, horizonDays: 60, hotWindowMinutes: 240, maxGapMinutes: 0, limits: [] },
  schedule: makeSchedule({
    week: Array.from({ length: 7 }, () => ({ intervals: [{ from: 540, to: 720 }], breaks: [] })),
  }),
  staff: [{ id: "amal", kind: "STAFF" }],
  items: [item],
};
const starts = (changes: Partial<QuestionParts>) =>
  findSlots(makeQuestion({ ...parts, ...changes })).map((slot) => (slot.from - MIDNIGHT) / 60);
const chosen = (changes: Partial<QuestionParts>) =>
  findSlots(makeQuestion({ ...parts, ...changes })).map((slot) => slot.items.map((placed) => placed.staff.id));

describe("open, busy and buffers (S3, S4)", () => {
  test("given three free hours, when asked, then the last start ends when the provider closes", () => {
    expect(starts({})).toEqual([9, 10, 11]);
  });

  test.each([
    ["ends at the start", busy(at(9), at(10)), [10, 11]],
    ["ends a minute after it", busy(at(9), at(10, 1)), [11]],
    ["begins at the end", busy(at(10), at(11)), [9, 11]],
    ["begins a minute before it", busy(at(9, 59), at(11)), [11]],
  ])("given a reservation that %s, when asked, then only what is free is offered", (_, taken, expected) => {
    expect(starts({ staff: [{ id: "amal", kind: "STAFF", busy: [taken] }] })).toEqual(expected);
  });

  test("given buffers, when they lie outside open time, then they do not matter", () => {
    expect(starts({ items: [{ ...item, bufferBefore: 45, bufferAfter: 45 }] })).toEqual([9, 10, 11]);
  });

  test.each([
    ["touches", 30, [9, 10, 11]],
    ["overlaps", 31, [10, 11]],
  ])("given a reservation before opening, when a buffer %s it, then that decides", (_, bufferBefore, expected) => {
    const staff = [{ id: "amal", kind: "STAFF" as const, busy: [busy(at(8), at(8, 30))] }];
    expect(starts({ staff, items: [{ ...item, bufferBefore }] })).toEqual(expected);
  });

  test("given time off, when it is the staff member's own, then buffers keep out of it; the provider's only closes", () => {
    const off = [{ id: "o", reason: "", from: at(12), to: at(13) }];
    const items = [{ ...item, bufferAfter: 10 }];
    expect(starts({ items, staff: [{ id: "amal", kind: "STAFF", timeOff: off }] })).toEqual([9, 10]);
    expect(starts({ items, timeOff: off })).toEqual([9, 10, 11]);
    expect(starts({ items, timeOff: [{ id: "o", reason: "", from: at(11, 59), to: at(13) }] })).toEqual([9, 10]);
  });

  test("given a staff member's own hours, when they are shorter, then both must be open", () => {
    const schedule = makeSchedule({
      week: Array.from({ length: 7 }, () => ({ intervals: [{ from: 600, to: 900 }], breaks: [] })),
    });
    expect(starts({ staff: [{ id: "amal", kind: "STAFF", schedule }] })).toEqual([10, 11]);
  });
});

describe("notice, horizon and limits (S7, S8)", () => {
  test.each([
    ["exactly", 60, 0, [10, 11]],
    ["a minute more than", 61, 0, [11]],
    ["exactly, a second later,", 60, 1000, [11]],
  ])(
    "given now 09:00, when a start is %s the notice away, then that decides",
    (_, noticeMinutes, laterMs, expected) => {
      expect(starts({ nowMs: at(9) * 60_000 + laterMs, rules: { ...parts.rules, noticeMinutes } })).toEqual(expected);
    },
  );

  test.each([
    [1, [9, 10, 11]],
    [0, []],
  ])("given today is the day before, when the horizon is %d days, then that decides", (horizonDays, expected) => {
    expect(starts({ rules: { ...parts.rules, horizonDays } })).toEqual(expected);
  });

  test.each([
    ["PROVIDER", "", 1, []],
    ["PROVIDER", "", 2, [9, 10, 11]],
    ["SERVICE", "cut", 1, []],
    ["SERVICE", "shave", 1, [9, 10, 11]],
    ["STAFF", "amal", 1, []],
    ["STAFF", "basma", 1, [9, 10, 11]],
  ] as const)(
    "given one booking that day, when the limit of %s %s is %d, then that decides",
    (kind, id, perDay, expected) => {
      const bookings = [{ day: DATE, services: ["cut", "cut"], staff: ["amal"] }];
      expect(
        starts({ bookings, rules: { ...parts.rules, limits: [{ kind, id, perDay, perWeek: undefined }] } }),
      ).toEqual(expected);
    },
  );

  test.each([
    ["Sunday of the week", DATE + 3, []],
    ["Monday of the next", DATE + 4, [9, 10, 11]],
  ])("given a weekly limit of one, when the other booking is on %s, then that decides", (_, day, expected) => {
    const limits = [{ kind: "PROVIDER" as const, id: "", perDay: undefined, perWeek: 1 }];
    expect(starts({ bookings: [{ day, services: [], staff: [] }], rules: { ...parts.rules, limits } })).toEqual(
      expected,
    );
  });
});

describe("staff and hot slots (S10, S11, S12)", () => {
  const both = {
    ...item,
    candidates: [
      { id: "basma", durationMinutes: 60 },
      { id: "amal", durationMinutes: 60 },
    ],
  };
  const staff = (amal: readonly Busy[], basma: readonly Busy[]) => [
    { id: "amal", kind: "STAFF" as const, busy: amal },
    { id: "basma", kind: "STAFF" as const, busy: basma },
  ];

  test("given two who are equally free, when any will do, then it is the lowest id", () => {
    expect(chosen({ items: [both], staff: staff([], []) })).toEqual([["amal"], ["amal"], ["amal"]]);
  });

  test("given one with more reserved minutes that date, when any will do, then it is the other, unless she is taken", () => {
    const taken = staff([busy(at(6), at(7, 1))], [busy(at(10), at(11))]);
    expect(chosen({ items: [both], staff: taken })).toEqual([["basma"], ["amal"], ["basma"]]);
  });

  test("given slots by staff member, when asked, then one for each by id", () => {
    const question = makeQuestion({ ...parts, items: [both], staff: staff([busy(at(10), at(11))], []), to: at(11) });
    const slots = findSlots(question, { perStaff: true });
    expect(slots.map((slot) => [(slot.from - MIDNIGHT) / 60, slot.items[0]?.staff.id])).toEqual([
      [9, "amal"],
      [9, "basma"],
      [10, "basma"],
    ]);
  });

  test("given a hot window of 4 hours, when a start is exactly 4 hours away, then it is not hot; a millisecond less is", () => {
    const hot = (nowMs: number) => findSlots(makeQuestion({ ...parts, nowMs })).map((slot) => slot.hot);
    expect(hot(at(6) * 60_000)).toEqual([true, false, false]);
    expect(hot(at(6) * 60_000 + 1)).toEqual([true, true, false]);
  });

  test("given a wish for the first of a date, when asked, then one slot answers", () => {
    expect(findSlots(makeQuestion({ ...parts, to: MIDNIGHT + 2880 }), { onSlot: () => "NEXT_DAY" })).toHaveLength(2);
    expect(findSlots(makeQuestion(parts), { onSlot: () => "STOP" })).toHaveLength(1);
  });
});

describe("sequences (S5)", () => {
  const short = { ...item, candidates: [{ id: "amal", durationMinutes: 30 }], bufferAfter: 20, bufferBefore: 10 };
  const ahead = { ...short, serviceId: "colour", candidates: [{ id: "basma", durationMinutes: 30 }] };
  const staff = (amal: readonly Busy[], basma: readonly Busy[]) => [
    { id: "amal", kind: "STAFF" as const, busy: amal },
    { id: "basma", kind: "STAFF" as const, busy: basma },
  ];

  test("given two items of one staff member, when placed, then she is busy once, without the buffers between", () => {
    const question = makeQuestion({ ...parts, items: [short, { ...short, bufferAfter: 5 }], to: at(10) });
    const [slot] = findSlots(question);
    expect(claimsOf(slot?.items ?? [])).toEqual([
      { unitId: "amal", kind: "STAFF", lane: 1, from: at(8, 50), to: at(10, 5), sessionOfItem: undefined },
    ]);
  });

  test("given items of two staff members, when placed, then buffers are each one's own and delay nobody", () => {
    const question = makeQuestion({ ...parts, items: [short, ahead], staff: staff([], []), to: at(10) });
    const [slot] = findSlots(question);
    expect(claimsOf(slot?.items ?? [])).toEqual([
      { unitId: "amal", kind: "STAFF", lane: 1, from: at(8, 50), to: at(9, 50), sessionOfItem: undefined },
      { unitId: "basma", kind: "STAFF", lane: 1, from: at(9, 20), to: at(10, 20), sessionOfItem: undefined },
    ]);
  });

  test("given the second is taken at first, when a gap of ten minutes is allowed, then the smallest that fits is kept", () => {
    const rules = { ...parts.rules, maxGapMinutes: 15 };
    const question = makeQuestion({
      ...parts,
      rules,
      items: [short, ahead],
      staff: staff([], [busy(at(9), at(9, 27))]),
      to: at(10),
    });
    const [slot] = findSlots(question);
    expect(slot?.items.map((placed) => [placed.from, placed.to])).toEqual([
      [at(9), at(9, 30)],
      [at(9, 40), at(10, 10)],
    ]);
    expect(starts({ items: [short, ahead], staff: staff([], [busy(at(9), at(9, 27))]), to: at(10) })).toEqual([]);
  });
});

describe("capacity (S9)", () => {
  const room = (lanes: number, taken: readonly Busy[] = []) => [
    { id: "room", kind: "RESOURCE" as const, capacity: lanes, busy: taken },
  ];
  const roomy = { ...item, requirements: [["room"]] };
  const yoga = { ...roomy, capacity: 6, party: 2 };

  test("given a room of two, when one lane is taken, then the other is used; when both are, nothing is offered", () => {
    const lane = findSlots(makeQuestion({ ...parts, items: [roomy], resources: room(2, [busy(at(9), at(12), 1)]) }));
    expect(lane.map((slot) => slot.items[0]?.uses[0]?.lanes)).toEqual([[2], [2], [2]]);
    expect(starts({ items: [roomy], resources: room(2, [busy(at(9), at(12), 1), busy(at(9), at(12), 2)]) })).toEqual(
      [],
    );
  });

  test("given a group service of six in a room of four, when opened, then the session has the room's four seats", () => {
    const [slot] = findSlots(makeQuestion({ ...parts, items: [yoga], resources: room(4) }));
    expect(slot?.items[0]).toMatchObject({ opensSeats: 4, session: undefined });
    expect(slot?.items[0]?.uses[0]?.lanes).toEqual([1, 2, 3, 4]);
  });

  test.each([
    [4, ["g"]],
    [5, []],
  ])("given a session of six with %d taken, when two come, then that decides", (taken, expected) => {
    const session = {
      id: "g",
      serviceId: "cut",
      staffId: "amal",
      from: at(9),
      seats: 6,
      taken: Array.from({ length: taken }, (_, i) => i + 1),
      resourceIds: ["room"],
    };
    const holding = [busy(at(9), at(10))];
    const staff = [{ id: "amal", kind: "STAFF" as const, busy: holding }];
    const question = makeQuestion({
      ...parts,
      items: [yoga],
      staff,
      sessions: [session],
      resources: room(6, holding),
      to: at(10),
    });
    expect(findSlots(question).map((slot) => slot.items[0]?.session?.id)).toEqual(expected);
  });
});

describe("explanations (S13)", () => {
  const explain = (start: number, changes: Partial<QuestionParts> = {}) =>
    explainSlot(makeQuestion({ ...parts, ...changes }), start);

  test("given an offered start, when explained, then the assignment is told and nothing refuses", () => {
    const { slot, refusals } = explain(at(9));
    expect(refusals).toEqual([]);
    expect(slot?.items.map((placed) => placed.staff.id)).toEqual(["amal"]);
  });

  test("given a start with many faults, when explained, then all of them are named, not only the first", () => {
    const { slot, refusals } = explain(at(11, 30), {
      nowMs: at(11) * 60_000,
      rules: {
        ...parts.rules,
        noticeMinutes: 60,
        limits: [{ kind: "STAFF", id: "amal", perDay: 1, perWeek: undefined }],
      },
      bookings: [{ day: DATE, services: [], staff: ["amal"] }],
      staff: [{ id: "amal", kind: "STAFF", busy: [busy(at(12), at(13))] }],
    });
    expect(slot).toBeUndefined();
    expect(refusals.map((refusal) => [refusal.clause, refusal.kind])).toEqual([
      ["S6", "NOT_ON_GRID"],
      ["S7", "TOO_SOON"],
      ["S8", "DAILY_LIMIT"],
      ["S3", "PROVIDER_CLOSED"],
      ["S4", "STAFF_BUSY"],
    ]);
    expect(refusals.at(-1)).toEqual({
      item: 0,
      staffId: "amal",
      clause: "S4",
      kind: "STAFF_BUSY",
      holders: [{ id: "r720", from: at(12), to: at(13) }],
    });
  });

  test("given any start of the day, when explained, then it is offered or something refuses, as findSlots says", () => {
    const question = makeQuestion({
      ...parts,
      staff: [{ id: "amal", kind: "STAFF", busy: [busy(at(9, 30), at(10, 15))] }],
    });
    const offered = new Set(findSlots(question).map((slot) => slot.from));
    for (let start = MIDNIGHT; start < MIDNIGHT + 1440; start += 5) {
      const { slot, refusals } = explainSlot(question, start);
      expect([slot !== undefined, refusals.length === 0]).toEqual([offered.has(start), offered.has(start)]);
    }
  });
});
