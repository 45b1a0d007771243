import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Provider_State, ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { reasonOf } from "@dawr/rpc";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  anyStaff,
  at,
  bookingOf,
  openDaily,
  type Salon,
  type ServiceWorld,
  salonNames,
  serviceWorld,
  withStaff,
} from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

async function starts(salon: Salon, service: string, from = -60, to = 480): Promise<number> {
  const { slots } = await world.slots.findSlots({
    provider: salon.provider,
    items: [anyStaff(service)],
    startTime: at(from),
    endTime: at(to),
  });
  return slots.length;
}

describe("schedules", () => {
  test("given a schedule, when updated with its etag, then slots follow, and the old etag is refused", async () => {
    const salon = await world.salon();
    const name = `${salon.provider}/schedule`;
    const before = await world.schedules.getSchedule({ name });
    expect([before.weeklyHours.length, before.followsProvider]).toEqual([7, false]);
    const schedule = { ...openDaily(name, 600, 720), etag: before.etag };
    const updated = await world.schedules.updateSchedule({ schedule, requestId: randomUUID() }, world.asOwner);
    expect(updated.weeklyHours[0]?.hours?.open).toMatchObject([{ startMinute: 600, endMinute: 720 }]);
    expect(await starts(salon, salon.colour)).toBe(5);
    const stale = await world.schedules
      .updateSchedule({ schedule, requestId: randomUUID() }, world.asOwner)
      .catch((e: unknown) => e);
    expect(reasonOf(stale)?.reason).toBe("ETAG_MISMATCH");
  });

  test("given an override, when that date comes, then it wins over the week, with its label kept", async () => {
    const salon = await world.salon();
    const name = `${salon.provider}/schedule`;
    const date = { year: 2026, month: 3, day: 2 };
    const label = { texts: { en: "Stocktaking", ar: "جرد" } };
    const schedule = { name, dateOverrides: [{ date, label }] };
    await world.schedules.updateSchedule({ schedule, requestId: randomUUID() }, world.asOwner);
    expect(await starts(salon, salon.colour)).toBe(0);
    expect(await starts(salon, salon.colour, 1380, 1920)).toBe(29);
    const read = await world.schedules.getSchedule({ name });
    expect(read.dateOverrides).toMatchObject([{ date, label }]);
    expect(read.weeklyHours).toHaveLength(7);
  });

  test("given a staff member with hours of her own, when she follows the provider again, then they are gone", async () => {
    const salon = await world.salon();
    const name = `${salon.basma}/schedule`;
    expect((await world.schedules.getSchedule({ name })).followsProvider).toBe(true);
    await world.schedules.updateSchedule(
      { schedule: openDaily(name, 600, 660), requestId: randomUUID() },
      world.asOwner,
    );
    expect(await starts(salon, salon.colour)).toBe(1);
    await world.schedules.updateSchedule(
      { schedule: { name, followsProvider: true }, requestId: randomUUID() },
      world.asOwner,
    );
    expect(await starts(salon, salon.colour)).toBe(29);
  });

  test("given a booking, when hours are cut around it, then it is listed and not dropped", async () => {
    const salon = await world.salon();
    const booking = bookingOf(salon);
    const items = [withStaff(salon.colour, salon.basma)];
    await world.reservations.reserve({ booking, items, startTime: at(0), requestId: randomUUID() });
    const schedule = openDaily(`${salon.provider}/schedule`, 720, 1020);
    const updated = await world.schedules.updateSchedule({ schedule, requestId: randomUUID() }, world.asOwner);
    expect(updated.conflictingBookings).toEqual([booking]);
    const { reservations } = await world.members.listReservations(
      { parent: salon.provider, range: { startTime: at(0), endTime: at(60) } },
      world.asOwner,
    );
    expect(reservations.map((r) => r.booking)).toEqual([booking]);
  });

  test.each([
    [
      "overlapping hours",
      {
        weeklyHours: [
          {
            day: 1,
            hours: {
              open: [
                { startMinute: 0, endMinute: 60 },
                { startMinute: 30, endMinute: 90 },
              ],
            },
          },
        ],
      },
      "HOURS_OVERLAP",
    ],
    [
      "a weekday twice",
      {
        weeklyHours: [
          { day: 1, hours: {} },
          { day: 1, hours: {} },
        ],
      },
      "DAY_REPEATED",
    ],
    [
      "an interval that ends before it starts",
      { weeklyHours: [{ day: 1, hours: { open: [{ startMinute: 60, endMinute: 30 }] } }] },
      "VALIDATION_FAILED",
    ],
  ])("given %s, when written, then it is refused and nothing changes", async (_, change, reason) => {
    const salon = await world.salon();
    const schedule = { name: `${salon.provider}/schedule`, ...change };
    const error = await world.schedules
      .updateSchedule({ schedule, requestId: randomUUID() }, world.asOwner)
      .catch((e: unknown) => e);
    expect(reasonOf(error)?.reason).toBe(reason);
    expect(await starts(salon, salon.colour)).toBe(29);
  });

  test("given a stranger, when they write hours, then the schedule does not exist for them", async () => {
    const salon = await world.salon();
    const schedule = openDaily(`${salon.provider}/schedule`, 0, 60);
    const error = await world.schedules
      .updateSchedule({ schedule, requestId: randomUUID() }, world.asStranger)
      .catch((e: unknown) => e);
    expect(reasonOf(error)?.reason).toBe("NOT_FOUND");
  });
});

test("given a provider that is not published, when its hours are read, then only its members see them", async () => {
  const salon = salonNames();
  const draft = create(ProviderSchema, { name: salon.provider, timeZone: "Asia/Amman", state: Provider_State.DRAFT });
  await world.importAll([draft, openDaily(`${salon.provider}/schedule`, 540, 1020)]);
  const name = `${salon.provider}/schedule`;
  const stranger = await world.schedules.getSchedule({ name }, world.asStranger).catch((e: unknown) => e);
  expect(reasonOf(stranger)?.reason).toBe("NOT_FOUND");
  expect((await world.schedules.getSchedule({ name }, world.asOwner)).weeklyHours).toHaveLength(7);
});

describe("time off", () => {
  test("given time off over a booking, when created, then the booking is listed; when deleted, slots come back", async () => {
    const salon = await world.salon();
    const booking = bookingOf(salon);
    const items = [withStaff(salon.colour, salon.basma)];
    await world.reservations.reserve({ booking, items, startTime: at(0), requestId: randomUUID() });
    const timeOff = { subject: salon.basma, range: { startTime: at(30), endTime: at(300) }, reason: "dentist" };
    const created = await world.schedules.createTimeOff(
      { parent: salon.provider, timeOff, requestId: randomUUID() },
      world.asOwner,
    );
    expect(created).toMatchObject({ ...timeOff, conflictingBookings: [booking] });
    expect(await starts(salon, salon.colour, 60, 300)).toBe(0);
    const { timeOff: listed } = await world.schedules.listTimeOff({ parent: salon.provider }, world.asOwner);
    expect(listed.map((off) => off.name)).toEqual([created.name]);
    await world.schedules.deleteTimeOff({ name: created.name, requestId: randomUUID() }, world.asOwner);
    expect(await starts(salon, salon.colour, 60, 300)).toBe(16);
    const again = world.schedules.deleteTimeOff({ name: created.name, requestId: randomUUID() }, world.asOwner);
    expect(reasonOf(await again.catch((e: unknown) => e))?.reason).toBe("NOT_FOUND");
  });
});

test("given booking rules, when some fields are updated, then only they change, and slots follow", async () => {
  const salon = await world.salon();
  const name = `${salon.provider}/bookingRules`;
  const before = await world.schedules.getBookingRules({ name });
  expect(before).toMatchObject({
    slotStepMinutes: 15,
    minNoticeMinutes: 60,
    maxHorizonDays: 60,
    hotWindowMinutes: 240,
  });
  const bookingRules = { name, slotStepMinutes: 60, hotDiscountPercent: 20 };
  const updateMask = { paths: ["slot_step_minutes"] };
  const after = await world.schedules.updateBookingRules(
    { bookingRules, updateMask, requestId: randomUUID() },
    world.asOwner,
  );
  expect(after).toMatchObject({ slotStepMinutes: 60, hotDiscountPercent: 0, minNoticeMinutes: 60 });
  expect(await starts(salon, salon.colour)).toBe(8);
});
