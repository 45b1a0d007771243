import { randomUUID } from "node:crypto";
import { RefusalKind, SlotClause, type SlotExplanation } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { reasonOf } from "@dawr/rpc";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { anyStaff, at, bookingOf, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;
let salon: Salon;

beforeAll(async () => {
  world = await serviceWorld("2026-03-01T06:00:00Z", { AVAILABILITY_HEARTBEAT: "100ms" });
  salon = await world.salon();
});
afterAll(() => world.drop());

const reserve = (of: Salon, minutes: number) =>
  world.reservations.reserve({
    booking: bookingOf(of),
    items: [withStaff(of.colour, of.basma)],
    startTime: at(minutes),
    holdDuration: { seconds: 900n },
    requestId: randomUUID(),
  });
const kinds = ({ refusals }: SlotExplanation) => refusals.map(({ clause, kind }) => [clause, kind]);

describe("FindSlots", () => {
  test("given a free day, when asked, then slots have both clocks, their assignment, and the hot flag", async () => {
    const ask = { provider: salon.provider, items: [anyStaff(salon.cut)], startTime: at(-60), endTime: at(-45) };
    const { slots, providerTimeZone } = await world.slots.findSlots({ ...ask, viewerTimeZone: "America/New_York" });
    expect(providerTimeZone).toBe("Asia/Amman");
    expect(slots).toHaveLength(1);
    expect(slots[0]).toMatchObject({
      startTime: at(-60),
      endTime: at(-30),
      providerLocalStart: "2026-03-02T09:00:00+03:00",
      viewerLocalStart: "2026-03-02T01:00:00-05:00",
      hot: false,
      seatsLeft: 0,
      assignments: [
        { service: salon.cut, staffMember: salon.amal, resources: [{ resource: salon.chairs, lanes: [1] }] },
      ],
    });
  });

  test("given a whole day, when asked with each staff member, then as many again", async () => {
    const ask = { provider: salon.provider, items: [anyStaff(salon.cut)], startTime: at(-120), endTime: at(600) };
    const one = await world.slots.findSlots(ask);
    const each = await world.slots.findSlots({ ...ask, eachStaff: true });
    // 09:00 to 16:30 by 15 minutes.
    expect([one.slots.length, each.slots.length]).toEqual([31, 62]);
  });

  test("given the evening before, when slots are under 4 hours away, then they are hot", async () => {
    const other = await serviceWorld("2026-03-02T04:00:00Z");
    try {
      const shop = await other.salon();
      const ask = { provider: shop.provider, items: [anyStaff(shop.cut)], startTime: at(0), endTime: at(121) };
      const { slots } = await other.slots.findSlots(ask);
      expect(slots.map((slot) => slot.hot)).toEqual([true, true, true, true, false, false, false, false, false]);
    } finally {
      await other.drop();
    }
  });

  test.each([
    ["a zone that does not exist", { viewerTimeZone: "Asia/Nowhere" }, "TIME_ZONE_UNKNOWN"],
    ["a window of 63 days", { endTime: at(63 * 1440) }, "VALIDATION_FAILED"],
    ["no items", { items: [] }, "VALIDATION_FAILED"],
    ["a provider that nobody knows", { provider: `providers/${randomUUID()}`, items: [] }, "VALIDATION_FAILED"],
  ])("given %s, when asked, then it is refused by name", async (_, change, reason) => {
    const ask = {
      provider: salon.provider,
      items: [anyStaff(salon.cut)],
      startTime: at(0),
      endTime: at(60),
      ...change,
    };
    const error = await world.slots.findSlots(ask).catch((e: unknown) => e);
    expect(reasonOf(error)?.reason).toBe(reason);
  });

  test.each([
    ["of 63 days", { startTime: at(0), endTime: at(63 * 1440) }, "startTime, endTime"],
    ["that ends when it begins", { startTime: at(0), endTime: at(0) }, "startTime, endTime"],
    ["without an end", { startTime: at(0) }, "endTime"],
  ])("given a window %s, when asked, then what is wrong with it is named", async (_, window, fields) => {
    const ask = { provider: salon.provider, items: [anyStaff(salon.cut)], ...window };
    const error = await world.slots.findSlots(ask).catch((e: unknown) => e);
    expect(reasonOf(error)?.metadata).toMatchObject({ fields });
  });

  test("given 62 days, when listed, then they are; given 63, then the rule is told", async () => {
    const items = [anyStaff(salon.colour)];
    const ask = { provider: salon.provider, items, startDate: { year: 2026, month: 3, day: 1 } };
    expect((await world.slots.listDaysWithSlots({ ...ask, days: 62 })).days.length).toBeGreaterThan(0);
    const error = await world.slots.listDaysWithSlots({ ...ask, days: 63 }).catch((e: unknown) => e);
    expect(reasonOf(error)?.metadata).toEqual({ fields: "days", rules: "days: gte 1, lte 62" });
    const date = { ...ask, startDate: { year: 2026, month: 2, day: 30 }, days: 1 };
    const wrong = await world.slots.listDaysWithSlots(date).catch((e: unknown) => e);
    expect(reasonOf(wrong)?.metadata).toEqual({ fields: "startDate", rules: "startDate: date" });
    const none = await world.slots.nextFree({ queries: [] }).catch((e: unknown) => e);
    expect(reasonOf(none)?.metadata).toEqual({ fields: "queries", rules: "queries: min_items 1" });
  });

  test("given a staff member without the skill, when asked for, then it is refused by name", async () => {
    const ask = {
      provider: salon.provider,
      items: [withStaff(salon.colour, salon.amal)],
      startTime: at(0),
      endTime: at(60),
    };
    const error = await world.slots.findSlots(ask).catch((e: unknown) => e);
    expect(reasonOf(error)).toMatchObject({ reason: "STAFF_NOT_ABLE" });
  });

  test("given days, when listed, then each has its count and first start; the next free start is the first of them", async () => {
    const items = [anyStaff(salon.colour)];
    const startDate = { year: 2026, month: 3, day: 1 };
    const { days } = await world.slots.listDaysWithSlots({ provider: salon.provider, items, startDate, days: 3 });
    // The clock stands at 09:00 in Amman on the 1st, with an hour's notice.
    expect(days.map((day) => [day.date?.day, day.slotCount, day.hot])).toEqual([
      [1, 25, true],
      [2, 29, false],
      [3, 29, false],
    ]);
    const { results } = await world.slots.nextFree({
      queries: [{ provider: salon.provider, service: salon.colour }, { provider: `providers/${randomUUID()}` }],
    });
    expect(results[0]?.startTime).toEqual(days[0]?.firstStartTime);
    expect(results[1]?.startTime).toBeUndefined();
  });
});

describe("ExplainSlot", () => {
  test("given a taken slot, when a stranger asks, then clause and kind; when the owner asks, also what", async () => {
    const shop = await world.salon();
    const held = await reserve(shop, 0);
    const ask = { provider: shop.provider, items: [withStaff(shop.colour, shop.basma)], startTime: at(15) };
    const stranger = await world.slots.explainSlot(ask, world.asStranger);
    const owner = await world.slots.explainSlot(ask, world.asOwner);
    expect(kinds(stranger)).toEqual([[SlotClause.BUSY, RefusalKind.RESERVATION]]);
    expect(stranger.refusals[0]).toMatchObject({ subject: "", staffMember: shop.basma });
    expect(owner.refusals[0]).toMatchObject({ subject: held.name, range: { startTime: at(0), endTime: at(60) } });
  });

  test("given an offered start, when asked, then the slot; a second later, then the grid", async () => {
    const ask = { provider: salon.provider, items: [anyStaff(salon.cut)] };
    const offered = await world.slots.explainSlot({ ...ask, startTime: at(30) });
    expect([offered.offered, offered.slot?.startTime]).toEqual([true, expect.objectContaining(at(30))]);
    const late = await world.slots.explainSlot({ ...ask, startTime: { seconds: at(30).seconds + 1n } });
    expect(kinds(late)).toEqual([[SlotClause.GRID, RefusalKind.GRID]]);
  });
});

describe("WatchAvailability", () => {
  test("given a subscriber, when a slot is taken and given back, then the day comes each time; a token resumes", async () => {
    const shop = await world.salon();
    const ask = {
      provider: shop.provider,
      items: [anyStaff(shop.colour)],
      startDate: { year: 2026, month: 3, day: 2 },
      days: 2,
    };
    const stop = new AbortController();
    const stream = world.slots.watchAvailability(ask, { signal: stop.signal })[Symbol.asyncIterator]();
    const next = async () => (await stream.next()).value;
    const snapshot = await next();
    expect([snapshot.kind, snapshot.days.length]).toEqual([WatchKind.SNAPSHOT, 2]);
    const begun = performance.now();
    const held = await reserve(shop, 0);
    const changed = await nextOf(WatchKind.CHANGES);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(changed.days.map((day: { date: unknown; slots: unknown[] }) => [day.date, day.slots.length])).toEqual([
      [expect.objectContaining({ day: 2 }), 22],
    ]);
    stop.abort();
    await expect(next()).rejects.toBeDefined();

    await world.reservations.releaseReservation({
      name: held.name,
      fencingToken: held.fencingToken,
      requestId: randomUUID(),
    });
    const again = world.slots.watchAvailability({ ...ask, resumeToken: changed.resumeToken })[Symbol.asyncIterator]();
    const missed = (await again.next()).value;
    expect([missed.kind, missed.days.some((day: { slots: unknown[] }) => day.slots.length === 29)]).toEqual([
      WatchKind.CHANGES,
      true,
    ]);
    const quiet = (await again.next()).value;
    expect([quiet.kind, quiet.days]).toEqual([WatchKind.HEARTBEAT, []]);
    await again.return?.();

    async function nextOf(kind: WatchKind) {
      for (;;) {
        const message = await next();
        if (message.kind === kind) return message;
      }
    }
  });
});
