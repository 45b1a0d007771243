import type { Slot } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { reserving } from "./reserving.ts";
import { anyStaff, at, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const { firm, move } = reserving(() => world);
const minutesOf = (slots: readonly Slot[]) =>
  slots.map(({ startTime }) => Number((startTime?.seconds ?? 0n) - at(0).seconds) / 60);
const found = async (salon: Salon, items = [anyStaff(salon.colour)], ignoreBooking = "") =>
  minutesOf(
    (
      await world.slots.findSlots({
        provider: salon.provider,
        items,
        startTime: at(-30),
        endTime: at(31),
        ignoreBooking,
      })
    ).slots,
  );

describe("a booking that is being moved does not count", () => {
  test("given FindSlots, ExplainSlot and ListDaysWithSlots, then starts that only it is in the way of are offered", async () => {
    const salon = await world.salon();
    const { booking } = await firm(salon, 0);
    expect(await found(salon)).toEqual([]);
    expect(await found(salon, undefined, booking)).toEqual([-30, -15, 0, 15, 30]);
    const ask = { provider: salon.provider, items: [withStaff(salon.colour, salon.basma)] };
    const explained = { ...ask, startTime: at(15) };
    expect((await world.slots.explainSlot(explained)).offered).toBe(false);
    expect((await world.slots.explainSlot({ ...explained, ignoreBooking: booking })).offered).toBe(true);
    const days = { ...ask, startDate: { year: 2026, month: 3, day: 2 }, days: 1 };
    const counts = [await world.slots.listDaysWithSlots(days)];
    counts.push(await world.slots.listDaysWithSlots({ ...days, ignoreBooking: booking }));
    expect(counts.map((one) => one.days[0]?.slotCount)).toEqual([22, 29]);
  });

  test("given somebody else's booking beside it, then that one counts", async () => {
    const salon = await world.salon();
    const { booking } = await firm(salon, 0);
    await firm(salon, 60);
    expect(await found(salon, undefined, booking)).toEqual([-30, -15, 0]);
  });

  test("given the only one of a class, then the class is not in its way; with others in it, it is", async () => {
    const salon = await world.salon();
    const yoga = [anyStaff(salon.yoga)];
    const { booking } = await firm(salon, 0, { items: yoga });
    expect(await found(salon, yoga)).toEqual([0]);
    expect(await found(salon, yoga, booking)).toEqual([-30, -15, 0, 15, 30]);
    const hold = await firm(salon, 0, { items: yoga, holdDuration: { seconds: 900n } });
    expect(await found(salon, yoga, booking)).toEqual([0]);
    expect(hold.booking).not.toBe(booking);
    world.clock.advance({ minutes: 15 });
    expect(await found(salon, yoga, booking)).toEqual([-30, -15, 0, 15, 30]);
  });

  test("given the class's last seats are its own, then as many seats are left as without it", async () => {
    const salon = await world.salon();
    const items = [anyStaff(salon.yoga)];
    const { booking } = await firm(salon, 0, { items, partySize: 4 });
    await firm(salon, 0, { items });
    const ask = { provider: salon.provider, items, startTime: at(0), endTime: at(1) };
    const seats = async (ignoreBooking: string) =>
      (await world.slots.findSlots({ ...ask, ignoreBooking })).slots[0]?.seatsLeft;
    expect([await seats(""), await seats(booking)]).toEqual([1, 5]);
  });
});

test("given alternatives for one that is being moved, then they may overlap where it is, but are not where it is", async () => {
  const salon = await world.salon();
  const { booking } = await firm(salon, 0);
  await firm(salon, 60);
  const ask = { provider: salon.provider, items: [withStaff(salon.colour, salon.basma)], startTime: at(60) };
  expect(minutesOf((await world.reservations.findAlternatives(ask)).slots)).toEqual([120, 135, 150]);
  expect(minutesOf((await world.reservations.findAlternatives({ ...ask, ignoreBooking: booking })).slots)).toEqual([
    120, -15, 135,
  ]);
});

test("given two services by the same staff member, then only starts are offered at which one has time for both", async () => {
  const salon = await world.salon();
  const items = [anyStaff(salon.cut), anyStaff(salon.colour)];
  await firm(salon, -60, { items: [withStaff(salon.cut, salon.basma)] });
  const ask = { provider: salon.provider, items, startTime: at(-60), endTime: at(-9) };
  const each = await world.slots.findSlots(ask);
  const same = await world.slots.findSlots({ ...ask, sameStaff: true });
  // Basma is busy until 09:40 and alone colours; Amal can cut before her.
  expect(minutesOf(each.slots)).toEqual([-45, -30, -15]);
  expect(minutesOf(same.slots)).toEqual([-15]);
  expect(same.slots[0]?.assignments.map(({ staffMember }) => staffMember)).toEqual([salon.basma, salon.basma]);
});

test("given a booking that was moved, then the old start is offered and the new one is not, to anybody", async () => {
  const salon = await world.salon();
  const booked = await firm(salon, 0);
  await move(salon, booked, 120);
  expect(await found(salon)).toEqual([-30, -15, 0, 15, 30]);
  expect(await found(salon, undefined, booked.booking)).toEqual([-30, -15, 0, 15, 30]);
});
