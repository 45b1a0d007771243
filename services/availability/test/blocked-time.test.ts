import { randomUUID } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { RefusalKind, SlotClause } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { AvailabilityChangedSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import { Reservation_State } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { clausesOf, idOf, reasonFor, reserving } from "./reserving.ts";
import { anyStaff, at, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const { firm, move, offered, listed, overlaps } = reserving(() => world);
const day = 1440;
const block = (salon: Salon, from: number, to: number, more: object = {}, who: object = world.asOwner) =>
  world.members.blockTime(
    {
      parent: salon.provider,
      subject: salon.basma,
      range: { startTime: at(from), endTime: at(to) },
      reason: "dentist",
      requestId: randomUUID(),
      ...more,
    },
    who,
  );
const unblock = (name: string, who: object = world.asOwner) =>
  world.members.unblockTime({ name, requestId: randomUUID() }, who);

describe("BlockTime", () => {
  test("given a free stretch, then nobody can be booked in it, and it is listed as blocked; unblocked, it is free again", async () => {
    const salon = await world.salon();
    const requestId = randomUUID();
    const blocked = await block(salon, 0, 90, { requestId });
    expect(blocked).toMatchObject({
      booking: "",
      state: Reservation_State.FIRM,
      startTime: at(0),
      endTime: at(90),
      blockedSubject: salon.basma,
      blockReason: "dentist",
      assignments: [],
      fencingToken: 0n,
    });
    expect(await block(salon, 0, 90, { requestId })).toEqual(blocked);
    expect([
      await offered(salon, -60),
      await offered(salon, -45),
      await offered(salon, 75),
      await offered(salon, 90),
    ]).toEqual([true, false, false, true]);
    expect(await reasonFor(firm(salon, 75))).toBe("SLOT_TAKEN");
    expect(await listed(salon)).toEqual([blocked]);
    expect((await unblock(blocked.name)).state).toBe(Reservation_State.RELEASED);
    expect((await unblock(blocked.name)).state).toBe(Reservation_State.RELEASED);
    expect([await offered(salon, 0), await listed(salon)]).toEqual([true, []]);
  });

  test("given a booking or another block in it, then SLOT_TAKEN; beside it, it is blocked; a hold that is over makes room", async () => {
    const salon = await world.salon();
    await firm(salon, 0);
    for (const [from, to] of [
      [-30, 1],
      [59, 90],
      [-30, 90],
      [10, 20],
    ] as const)
      expect(await reasonFor(block(salon, from, to))).toBe("SLOT_TAKEN");
    await block(salon, 60, 90);
    await block(salon, -30, 0);
    expect(await reasonFor(block(salon, 89, 100))).toBe("SLOT_TAKEN");
    await firm(salon, 120, { holdDuration: { seconds: 900n } });
    expect(await reasonFor(block(salon, 120, 130))).toBe("SLOT_TAKEN");
    world.clock.advance({ minutes: 15 });
    await block(salon, 120, 130);
    expect(await overlaps()).toBe(0);
  });

  test("given a resource, then all of its lanes are blocked, or none", async () => {
    const salon = await world.salon();
    const cut = [anyStaff(salon.cut)];
    const booked = await firm(salon, 0, { items: cut });
    expect(await reasonFor(block(salon, 0, 30, { subject: salon.chairs }))).toBe("SLOT_TAKEN");
    await firm(salon, 0, { items: cut });
    const blocked = await block(salon, 60, 120, { subject: salon.chairs });
    expect(blocked.blockedSubject).toBe(salon.chairs);
    expect([await offered(salon, 60, cut), await offered(salon, 60)]).toEqual([false, true]);
    expect(await reasonFor(move(salon, booked, 60, { items: cut }))).toBe("SLOT_TAKEN");
  });

  test("given who blocks and who books one time at once, then one of them has it", async () => {
    const salon = await world.salon();
    for (let round = 0; round < 4; round++) {
      const reasons = await Promise.all([
        ...Array.from({ length: 6 }, () => reasonFor(block(salon, round * 60, round * 60 + 45))),
        ...Array.from({ length: 6 }, () => reasonFor(firm(salon, round * 60))),
      ]);
      expect(reasons.filter((reason) => reason === undefined)).toHaveLength(1);
      expect(new Set(reasons)).toEqual(new Set([undefined, "SLOT_TAKEN"]));
    }
    expect(await overlaps()).toBe(0);
  });

  test("given outside of hours, then it is blocked too; 31 days are allowed, a minute more is not, nor parts of minutes", async () => {
    const salon = await world.salon();
    await block(salon, -10 * 60, 31 * day - 10 * 60);
    const wrong = [
      { range: { startTime: at(0), endTime: at(31 * day + 1) }, subject: salon.amal },
      { range: { startTime: at(0), endTime: { seconds: at(30).seconds + 1n } }, subject: salon.amal },
      { range: { startTime: { ...at(0), nanos: 1 }, endTime: at(30) }, subject: salon.amal },
      { range: { startTime: at(30), endTime: at(30) }, subject: salon.amal },
      { range: { startTime: at(0) }, subject: salon.amal },
    ];
    for (const one of wrong) expect(await reasonFor(block(salon, 0, 1, one))).toBe("VALIDATION_FAILED");
    await block(salon, 0, 31 * day, { subject: salon.amal });
  });

  test("given a long block, then a day within it lists it", async () => {
    const salon = await world.salon();
    const blocked = await block(salon, 0, 31 * day);
    const range = { startTime: at(30 * day), endTime: at(30 * day + 60) };
    const { reservations } = await world.members.listReservations(
      { parent: salon.provider, range, subject: salon.basma },
      world.asOwner,
    );
    expect(reservations).toEqual([blocked]);
  });

  test("given what is not the provider's, or a stranger, then it is refused", async () => {
    const [salon, other] = [await world.salon(), await world.salon()];
    expect(await reasonFor(block(salon, 0, 30, { subject: other.basma }))).toBe("OTHER_PROVIDER");
    expect(await reasonFor(block(salon, 0, 30, { subject: `${salon.provider}/staff/${randomUUID()}` }))).toBe(
      "NOT_FOUND",
    );
    expect(await reasonFor(block(salon, 0, 30, { subject: salon.chairs.replace("resources", "staff") }))).toBe(
      "NOT_FOUND",
    );
    expect(await reasonFor(block(salon, 0, 30, {}, world.asStranger))).toBe("NOT_FOUND");
    const blocked = await block(salon, 0, 30);
    expect(await reasonFor(unblock(blocked.name, world.asStranger))).toBe("NOT_FOUND");
  });
});

describe("what is blocked is no booking", () => {
  test("given a booking's reservation, then UnblockTime finds nothing, and it stays; a block cannot be moved", async () => {
    const salon = await world.salon();
    const booked = await firm(salon, 0);
    expect(await reasonFor(unblock(booked.name))).toBe("NOT_FOUND");
    expect(await offered(salon, 0)).toBe(false);
    const blocked = await block(salon, 60, 120);
    const [row] = await world.store.read((tx) =>
      tx.query<{ token: bigint }>("select fencing_token as token from reservation where reservation_id = $1", [
        idOf(blocked.name),
      ]),
    );
    expect(await reasonFor(move(salon, { ...blocked, fencingToken: row?.token ?? 0n }, 180))).toBe("NOT_FOUND");
  });

  test("given a limit of one booking a day, then a block does not count; hours that are edited do not conflict with it", async () => {
    const salon = await world.salon();
    const limits = [{ subject: salon.provider, perDay: 1 }];
    const bookingRules = { name: `${salon.provider}/bookingRules`, limits: limits as never };
    await world.schedules.updateBookingRules({ bookingRules, requestId: randomUUID() }, world.asOwner);
    await block(salon, 0, 60);
    await firm(salon, 60);
    expect(await clausesOf(firm(salon, 120))).toBe("S8");
    const timeOff = { subject: salon.basma, range: { startTime: at(0), endTime: at(60) } };
    const off = await world.schedules.createTimeOff(
      { parent: salon.provider, timeOff, requestId: randomUUID() },
      world.asOwner,
    );
    expect(off.conflictingBookings).toEqual([]);
  });
});

describe("who hears of it", () => {
  test("given a blocked time, then ExplainSlot names it, to members with its name", async () => {
    const salon = await world.salon();
    const blocked = await block(salon, 0, 60);
    const ask = { provider: salon.provider, items: [withStaff(salon.colour, salon.basma)], startTime: at(0) };
    const owner = await world.slots.explainSlot(ask, world.asOwner);
    expect(owner.refusals).toMatchObject([
      {
        clause: SlotClause.BUSY,
        kind: RefusalKind.RESERVATION,
        subject: blocked.name,
        range: { startTime: at(0), endTime: at(60) },
      },
    ]);
    const stranger = await world.slots.explainSlot(ask, world.asStranger);
    expect(stranger.refusals).toMatchObject([{ clause: SlotClause.BUSY, kind: RefusalKind.RESERVATION, subject: "" }]);
  });

  test("given a subscriber, then the day comes when it is blocked and when it is not; the free share counts it", async () => {
    const salon = await world.salon();
    const ask = {
      provider: salon.provider,
      items: [anyStaff(salon.colour)],
      startDate: { year: 2026, month: 3, day: 2 },
      days: 1,
    };
    const stream = world.slots.watchAvailability(ask)[Symbol.asyncIterator]();
    const slots = async () => {
      for (;;) {
        const { value } = await stream.next();
        if (value.kind !== WatchKind.HEARTBEAT) return value.days[0].slots.length;
      }
    };
    expect(await slots()).toBe(29);
    const blocked = await block(salon, -60, 420);
    expect(await slots()).toBe(0);
    await publish();
    expect(await freeMinutes(salon)).toBe(480);
    await unblock(blocked.name);
    expect(await slots()).toBe(29);
    await publish();
    expect(await freeMinutes(salon)).toBe(960);
    await stream.return?.();
  });
});

async function publish(): Promise<void> {
  world.clock.advance({ seconds: 1 });
  await world.parts.timers?.find(({ name }) => name === "publish-changes")?.fire();
}

/** The free minutes of Monday, as they were told last. */
async function freeMinutes({ provider }: Salon): Promise<number | undefined> {
  const [row] = await world.store.read((tx) =>
    tx.query<{ data: Uint8Array }>(
      "select data from outbox where type = 'dawr.availability.v1.AvailabilityChanged' and key = $1 order by sequence desc limit 1",
      [idOf(provider)],
    ),
  );
  const told = row && fromBinary(AvailabilityChangedSchema, row.data);
  return told?.nextDays.find(({ date }) => date?.day === 2)?.freeMinutes;
}
