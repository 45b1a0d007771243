import { randomUUID } from "node:crypto";
import type { Reservation } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { clausesOf, reasonFor, reserving, type Wish } from "./reserving.ts";
import { anyStaff, at, openDaily, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const { firm, move, overlaps } = reserving(() => world);
const hour = 60;
const day = 24 * hour;
const awayFor = (subject: string, from: number, to: number) =>
  world.schedules.createTimeOff(
    {
      parent: `providers/${subject.split("/")[1]}`,
      timeOff: { subject, range: { startTime: at(from), endTime: at(to) } },
      requestId: randomUUID(),
    },
    world.asOwner,
  );

/** Bookings a week later, by what is to be moved: each is moved as often as a test tries. */
const parked = new Map<string, Reservation>();

async function moveThere(salon: Salon, minutes: number, more: Wish = {}): Promise<void> {
  const { items } = more;
  const key = `${salon.provider} ${JSON.stringify(items?.map(({ service, staffChoice }) => [service, staffChoice]) ?? [])}`;
  const ours = [...parked.keys()].filter((known) => known.startsWith(salon.provider)).length;
  const from =
    parked.get(key) ??
    (await firm(salon, 6 * day + ours * 2 * hour, { ...(items ? { items } : {}), ignoreHours: true }));
  parked.set(key, from);
  parked.set(key, await move(salon, from, minutes, more));
}

/** Reserving and moving must agree on what is asked. */
const ways: readonly (readonly [string, (salon: Salon, minutes: number, more?: Wish) => Promise<unknown>])[] = [
  ["a new booking", (salon, minutes, more) => firm(salon, minutes, more)],
  ["a move", moveThere],
];

describe.each(ways)("outside of hours: %s", (_, put) => {
  test.each<[string, string, number, (salon: Salon) => Promise<unknown>]>([
    ["before the provider opens", "S3", -2 * hour, async () => undefined],
    ["on the provider's closed day", "S3", 0, (salon) => awayFor(salon.provider, -day, day)],
    ["in the staff member's time off", "S3", 0, (salon) => awayFor(salon.basma, 0, hour)],
    [
      "outside of the staff member's own hours",
      "S3",
      0,
      (salon) =>
        world.schedules.updateSchedule(
          { schedule: openDaily(`${salon.basma}/schedule`, 12 * hour, 13 * hour), requestId: randomUUID() },
          world.asOwner,
        ),
    ],
    ["off the grid", "S6", 7, async () => undefined],
    ["with less than the notice", "S7", -day - 15, async () => undefined],
    ["beyond the horizon", "S7", 61 * day, async () => undefined],
    [
      "on a date with as many bookings as may be",
      "S8",
      0,
      async (salon) => {
        const limits = [{ subject: salon.basma, perDay: 1 }];
        const bookingRules = { name: `${salon.provider}/bookingRules`, limits: limits as never };
        await world.schedules.updateBookingRules({ bookingRules, requestId: randomUUID() }, world.asOwner);
        await firm(salon, 3 * hour);
      },
    ],
  ])(
    "given a start %s, then it is refused by %s, and given with ignore_hours",
    async (_name, clause, minutes, given) => {
      const salon = await world.salon();
      await given(salon);
      expect((await clausesOf(put(salon, minutes)))?.split(", ")).toContain(clause);
      await put(salon, minutes, { ignoreHours: true });
    },
  );

  test("given somebody else's booking or its buffer, then it is refused all the same (S4)", async () => {
    const salon = await world.salon();
    const items = [withStaff(salon.cut, salon.amal)];
    await firm(salon, -2 * hour, { items, ignoreHours: true });
    for (const minutes of [-2 * hour, -2 * hour + 39, -2 * hour - 39])
      expect(await reasonFor(put(salon, minutes, { items, ignoreHours: true }))).toBe("SLOT_TAKEN");
    await put(salon, -2 * hour + 40, { items, ignoreHours: true });
    expect(await overlaps()).toBe(0);
  });

  test("given no chair, no seat or no skill, then it is refused all the same (S9, S10)", async () => {
    const salon = await world.salon();
    const items = [anyStaff(salon.cut)];
    await firm(salon, -2 * hour, { items: [withStaff(salon.cut, salon.amal)], ignoreHours: true });
    await firm(salon, -2 * hour, { items: [withStaff(salon.cut, salon.basma)], ignoreHours: true });
    expect(await reasonFor(put(salon, -2 * hour, { items, ignoreHours: true }))).toBe("SLOT_TAKEN");
    const yoga = { items: [anyStaff(salon.yoga)], ignoreHours: true };
    await firm(salon, -5 * hour, { ...yoga, partySize: 6 });
    expect(await reasonFor(put(salon, -5 * hour, yoga))).toBe("SLOT_TAKEN");
    expect(await clausesOf(firm(salon, -8 * hour, { ...yoga, partySize: 7 }))).toContain("S9");
    const unable = { items: [withStaff(salon.colour, salon.amal)], ignoreHours: true };
    expect(await reasonFor(firm(salon, -8 * hour, unable))).toBe("STAFF_NOT_ABLE");
  });
});

test("given many who want one time outside of hours at once, then one has it", async () => {
  const salon = await world.salon();
  const reasons = await Promise.all(
    Array.from({ length: 12 }, () => reasonFor(firm(salon, -2 * hour, { ignoreHours: true }))),
  );
  expect(reasons.filter((reason) => reason === undefined)).toHaveLength(1);
  expect(new Set(reasons)).toEqual(new Set([undefined, "SLOT_TAKEN"]));
});
