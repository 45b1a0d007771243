import { describe, expect, test } from "@jest/globals";
import { usualPolicy } from "../../test/terms.ts";
import type { Booking, Side, State } from "./booking.ts";
import { BookingError } from "./errors.ts";
import { holdBooking } from "./hold-booking.ts";
import { type MovedTo, type MoveWish, moveBooking, reassignBooking, rescheduleBooking } from "./move-booking.ts";

const now = Temporal.Instant.from("2026-05-04T08:00:00Z");
const start = now.add({ hours: 48 });
const policy = { ...usualPolicy, maxReschedules: 2, rescheduleWindowMinutes: 24 * 60 };
const item = (staffId: string, hours: number) => ({
  serviceId: "s",
  staffId,
  isStaffChosen: true,
  startTime: start.add({ hours }),
  endTime: start.add({ hours: hours + 1 }),
  serviceName: { en: "Haircut" },
  addOnNames: [],
  priceMinor: 100n,
  feeMinor: 10n,
  policy,
});
const held = holdBooking(
  {
    id: "b",
    providerId: "p",
    customerId: "c",
    reservation: { name: "providers/p/reservations/r", fencingToken: 7n },
    items: [item("mona", 0), item("rana", 1)],
    partySize: 1,
    timeZone: "Asia/Dubai",
    expireTime: now.add({ hours: 47 }),
  },
  now,
).booking;
const booking = (more: Partial<Booking> = {}): Booking => ({
  ...held,
  state: "CONFIRMED",
  policy,
  version: 4n,
  ...more,
});
const wish = (more: Partial<MoveWish & { startTime: Temporal.Instant }> = {}) => ({
  by: "CUSTOMER" as Side,
  staff: [],
  overrideReason: "",
  startTime: start.add({ hours: 24 }),
  ...more,
});
const refusal = (decide: () => unknown) => {
  try {
    decide();
    return undefined;
  } catch (error) {
    if (!(error instanceof BookingError)) throw error;
    return [error.reason, error.metadata];
  }
};

describe("rescheduling: terms allow 2 moves until 24 h before the start (BK-05)", () => {
  test.each<[string, Side, number, Temporal.Instant, unknown]>([
    ["the customer's second move", "CUSTOMER", 1, now, undefined],
    ["the customer's third move", "CUSTOMER", 2, now, ["RESCHEDULE_LIMIT_REACHED", { limit: "2" }]],
    ["a member's third move", "PROVIDER", 2, now, undefined],
    ["an operator's third move", "PLATFORM", 2, now, undefined],
    ["exactly 24 h before", "CUSTOMER", 0, start.subtract({ hours: 24 }), undefined],
    [
      "a nanosecond later",
      "CUSTOMER",
      0,
      start.subtract({ hours: 24 }).add({ nanoseconds: 1 }),
      ["RESCHEDULE_TOO_LATE", { until_time: "2026-05-05T08:00:00Z" }],
    ],
    ["a member after the start", "PROVIDER", 0, start.add({ hours: 1 }), undefined],
    ["an operator after the start", "PLATFORM", 0, start.add({ hours: 1 }), undefined],
  ])("given %s, then it is allowed or refused", (_, by, rescheduleCount, at, expected) => {
    expect(refusal(() => rescheduleBooking(booking({ rescheduleCount }), wish({ by }), at))).toEqual(expected);
  });

  test("given no moves at all are allowed, then the first is refused; without terms, none is", () => {
    const never = { ...policy, maxReschedules: 0 };
    expect(refusal(() => rescheduleBooking(booking({ policy: never }), wish(), now))).toEqual([
      "RESCHEDULE_LIMIT_REACHED",
      { limit: "0" },
    ]);
    expect(refusal(() => rescheduleBooking(booking({ policy: undefined }), wish(), start))).toBeUndefined();
  });

  test("given a reason to leave hours out, then the customer may not give it, members and operators may", () => {
    const given = (by: Side) => refusal(() => rescheduleBooking(booking(), wish({ by, overrideReason: "asked" }), now));
    expect(given("CUSTOMER")).toEqual(["FIELD_NOT_YOURS", { field: "override_reason" }]);
    expect([given("PROVIDER"), given("PLATFORM")]).toEqual([undefined, undefined]);
  });

  test("given no choice of staff, then the same, as chosen as before; given one for each, then those; else a mismatch", () => {
    expect(rescheduleBooking(booking(), wish(), now)).toEqual({
      kind: "RESCHEDULE",
      startTime: start.add({ hours: 24 }),
      staff: ["mona", "rana"],
      isStaffChosen: [true, true],
      counts: true,
      overrideReason: "",
    });
    const chosen = wish({ staff: ["rana", undefined] });
    expect(rescheduleBooking(booking(), chosen, now)).toMatchObject({
      staff: ["rana", undefined],
      isStaffChosen: [true, false],
    });
    expect(rescheduleBooking(booking(), { ...chosen, by: "PROVIDER" }, now)).toMatchObject({
      counts: false,
      isStaffChosen: [false, false],
    });
    for (const staff of [["mona"], ["mona", "rana", "mona"]])
      expect(refusal(() => rescheduleBooking(booking(), wish({ staff }), now))).toEqual([
        "STAFF_CHOICES_MISMATCH",
        { items: "2" },
      ]);
  });
});

describe("states", () => {
  const all: readonly State[] = [
    "HELD",
    "PENDING_PAYMENT",
    "PENDING_APPROVAL",
    "CONFIRMED",
    "CHECKED_IN",
    "COMPLETED",
    "CANCELLED",
    "DECLINED",
    "EXPIRED",
    "RELEASED",
    "NO_SHOW",
  ];
  const allowed = (decide: (of: Booking) => unknown) =>
    all.filter((state) => refusal(() => decide(booking({ state }))) === undefined);

  test("given each, then only these may be moved, and those be given to others", () => {
    expect(allowed((of) => rescheduleBooking(of, wish(), now))).toEqual(["PENDING_APPROVAL", "CONFIRMED"]);
    const staff = ["rana", "mona"];
    expect(allowed((of) => reassignBooking(of, wish({ staff })))).toEqual([
      "PENDING_APPROVAL",
      "CONFIRMED",
      "CHECKED_IN",
    ]);
    expect(refusal(() => reassignBooking(booking({ state: "EXPIRED" }), wish({ staff })))).toEqual([
      "BOOKING_STATE_WRONG",
      { state: "EXPIRED", required_states: "PENDING_APPROVAL, CONFIRMED, CHECKED_IN" },
    ]);
  });

  test("given one that was moved, then it is shown in every state but those that gave their time up", () => {
    const move = rescheduleBooking(booking(), wish(), now);
    expect(allowed((of) => moveBooking(of, move, movedTo(24, 8n), now))).toEqual([
      "HELD",
      "PENDING_PAYMENT",
      "PENDING_APPROVAL",
      "CONFIRMED",
      "CHECKED_IN",
      "COMPLETED",
    ]);
  });
});

function movedTo(hours: number, fencingToken: bigint, staff = ["mona", "rana"]): MovedTo {
  return {
    reservation: { name: "providers/p/reservations/r", fencingToken },
    items: staff.map((staffId, index) => ({
      staffId,
      startTime: start.add({ hours: hours + index }),
      endTime: start.add({ hours: hours + index + 1 }),
    })),
  };
}

describe("a time that was won", () => {
  const later = now.add({ minutes: 1 });

  test("given the customer's move, then times and token change and it is counted; price and terms stay", () => {
    const move = rescheduleBooking(booking(), wish(), now);
    expect(moveBooking(booking(), move, movedTo(24, 8n), later)).toEqual({
      booking: {
        ...booking(),
        items: [
          { ...item("mona", 24), isStaffChosen: true },
          { ...item("rana", 25), isStaffChosen: true },
        ],
        startTime: start.add({ hours: 24 }),
        endTime: start.add({ hours: 26 }),
        reservation: { name: "providers/p/reservations/r", fencingToken: 8n },
        rescheduleCount: 1,
        version: 5n,
        updateTime: later,
      },
      event: "BookingRescheduled",
      steps: [],
      reason: "moved from 2026-05-06T08:00:00Z",
    });
  });

  test("given a member's move or other staff, then it is not counted; the reason to leave hours out is kept", () => {
    const move = rescheduleBooking(booking(), wish({ by: "PROVIDER", overrideReason: "she asked" }), now);
    expect(moveBooking(booking(), move, movedTo(24, 8n), later)).toMatchObject({
      booking: { rescheduleCount: 0 },
      reason: "she asked",
    });
    const other = reassignBooking(booking(), wish({ by: "PROVIDER", staff: ["rana", undefined] }));
    const change = moveBooking(booking(), other, movedTo(0, 8n, ["rana", "mona"]), later);
    expect(change).toMatchObject({
      booking: { rescheduleCount: 0, startTime: start },
      event: "BookingRescheduled",
      reason: "given to other staff",
    });
    expect(change?.booking.items.map(({ staffId, isStaffChosen }) => [staffId, isStaffChosen])).toEqual([
      ["rana", false],
      ["mona", false],
    ]);
  });

  test("given it is where it was, then the token is kept and nobody is told, nor is it counted", () => {
    const move = rescheduleBooking(booking(), wish({ startTime: start }), now);
    expect(moveBooking(booking(), move, movedTo(0, 8n), later)).toMatchObject({
      booking: { rescheduleCount: 0, reservation: { fencingToken: 8n } },
      event: undefined,
    });
  });

  test("given a token that is known, or an older one, then nothing changes", () => {
    const move = rescheduleBooking(booking(), wish(), now);
    expect(moveBooking(booking(), move, movedTo(24, 7n), later)).toBeUndefined();
    expect(moveBooking(booking(), move, movedTo(24, 6n), later)).toBeUndefined();
  });

  test("given one that waits for the provider, then it waits until the new start at the latest", () => {
    const waiting = booking({ state: "PENDING_APPROVAL" });
    const move = rescheduleBooking(waiting, wish(), now);
    const until = (hours: number) => moveBooking(waiting, move, movedTo(hours, 8n), later)?.booking.holdExpireTime;
    expect(until(-2)).toEqual(start.subtract({ hours: 2 }));
    expect(until(-1)).toEqual(held.holdExpireTime);
    expect(until(24)).toEqual(held.holdExpireTime);
  });
});
