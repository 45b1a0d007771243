import { randomUUID } from "node:crypto";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { RefusalKind, SlotClause } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Conflict } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ResourceChangedSchema, StaffChangedSchema } from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import { Resource_State, ResourceSchema } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { StaffMember_State, StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { idOf, reasonFor, reserving } from "./reserving.ts";
import { at, newId, openDaily, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const { firm, move } = reserving(() => world);
const conflictsOf = async (salon: Salon, more: object = {}) =>
  (await world.members.listConflicts({ parent: salon.provider, ...more }, world.asOwner)).conflicts;
const told = (conflicts: readonly Conflict[]) =>
  conflicts.map(({ booking, refusals }) => [booking, ...refusals.map(({ clause, kind }) => [clause, kind])]);
const awayFor = (subject: string, from: number, to: number) =>
  world.schedules.createTimeOff(
    {
      parent: `providers/${subject.split("/")[1]}`,
      timeOff: { subject, range: { startTime: at(from), endTime: at(to) } },
      requestId: randomUUID(),
    },
    world.asOwner,
  );
const update = (name: string, startMinute: number, endMinute: number) =>
  world.schedules.updateSchedule(
    { schedule: openDaily(name, startMinute, endMinute), requestId: randomUUID() },
    world.asOwner,
  );

/** What catalog tells when something was archived. */
async function tell<D extends DescMessage>(schema: D, message: MessageShape<D>, subject: string): Promise<void> {
  await world.store.transaction((tx) =>
    world.parts.consumers?.[0]?.handlers.get(schema.typeName)?.handle(tx, {
      id: newId(),
      type: schema.typeName,
      source: "dawr.catalog",
      subject,
      key: idOf(subject),
      sequence: 9n,
      time: world.clock.now(),
      data: toBinary(schema, message),
    }),
  );
}

describe("a staff member or resource that has gone", () => {
  test("given Amal's bookings, when she is archived, then they are listed with clause and kind, until others serve them", async () => {
    const salon = await world.salon();
    const byAmal = { items: [withStaff(salon.cut, salon.amal)] };
    const [first, second] = [await firm(salon, 0, byAmal), await firm(salon, 60, byAmal)];
    await firm(salon, 120);
    const staffMember = create(StaffMemberSchema, {
      name: salon.amal,
      skills: [{ service: salon.cut }, { service: salon.yoga }],
      state: StaffMember_State.ARCHIVED,
    });
    expect(await conflictsOf(salon)).toEqual([]);
    await tell(StaffChangedSchema, create(StaffChangedSchema, { staffMember }), salon.amal);
    const [conflict, ...more] = await conflictsOf(salon);
    expect(conflict).toMatchObject({
      booking: first.booking,
      reservation: first.name,
      startTime: at(0),
      endTime: at(30),
      refusals: [
        {
          clause: SlotClause.STAFF,
          kind: RefusalKind.NOT_BOOKABLE,
          itemIndex: 0,
          staffMember: salon.amal,
          subject: "",
        },
      ],
    });
    expect(more.map(({ booking }) => booking)).toEqual([second.booking]);
    expect(await conflictsOf(salon, { subject: salon.basma })).toEqual([]);
    expect(await conflictsOf(salon, { subject: salon.amal })).toHaveLength(2);

    await move(salon, first, 0, { items: [withStaff(salon.cut, salon.basma)] });
    expect((await conflictsOf(salon)).map(({ booking }) => booking)).toEqual([second.booking]);
    await world.reservations.releaseReservation({
      name: second.name,
      fencingToken: second.fencingToken,
      requestId: randomUUID(),
    });
    expect(await conflictsOf(salon)).toEqual([]);
  });

  test("given bookings in two chairs, when one is left, then who sits in the other is listed; when none, then both", async () => {
    const salon = await world.salon();
    const amal = await firm(salon, 0, { items: [withStaff(salon.cut, salon.amal)] });
    const basma = await firm(salon, 0, { items: [withStaff(salon.cut, salon.basma)] });
    const chairs = (capacity: number, state: Resource_State) =>
      create(ResourceChangedSchema, {
        resource: create(ResourceSchema, { name: salon.chairs, kind: "chair", capacity, state }),
      });
    await tell(ResourceChangedSchema, chairs(1, Resource_State.ACTIVE), salon.chairs);
    expect(told(await conflictsOf(salon))).toEqual([
      [basma.booking, [SlotClause.CAPACITY, RefusalKind.RESOURCE_CAPACITY]],
    ]);
    await world.store.transaction((tx) =>
      tx.query("update unit set version = 1 where unit_id = $1", [idOf(salon.chairs)]),
    );
    await tell(ResourceChangedSchema, chairs(2, Resource_State.ARCHIVED), salon.chairs);
    const all = await conflictsOf(salon, { subject: salon.chairs });
    expect(new Set(all.map(({ booking }) => booking))).toEqual(new Set([amal.booking, basma.booking]));
    expect(all[0]?.refusals).toMatchObject([
      { clause: SlotClause.STAFF, kind: RefusalKind.NOT_BOOKABLE, subject: salon.chairs },
    ]);
  });
});

describe("edits", () => {
  test("given bookings that conflict already, when something else is edited, then its answer names only its own", async () => {
    const salon = await world.salon();
    const amal = await firm(salon, 0, { items: [withStaff(salon.cut, salon.amal)] });
    const basma = await firm(salon, 0);
    expect((await awayFor(salon.basma, 0, 60)).conflictingBookings).toEqual([basma.booking]);
    expect((await awayFor(salon.amal, 15, 60)).conflictingBookings).toEqual([amal.booking]);
    expect((await awayFor(salon.amal, 30, 60)).conflictingBookings).toEqual([]);
    expect((await update(`${salon.amal}/schedule`, 11 * 60, 12 * 60)).conflictingBookings).toEqual([amal.booking]);
    expect((await update(`${salon.provider}/schedule`, 9 * 60, 18 * 60)).conflictingBookings).toEqual([]);
    expect(new Set((await conflictsOf(salon)).map(({ booking }) => booking))).toEqual(
      new Set([amal.booking, basma.booking]),
    );
  });

  test("given many conflicts, then they come page by page, by start; a range or what is over leaves out the rest", async () => {
    const salon = await world.salon();
    const all = [];
    for (let day = 0; day < 5; day++) all.push(await firm(salon, 1440 * day));
    await update(`${salon.provider}/schedule`, 12 * 60, 17 * 60);
    const ask = { parent: salon.provider, pageSize: 2 };
    const first = await world.members.listConflicts(ask, world.asOwner);
    const second = await world.members.listConflicts({ ...ask, pageToken: first.nextPageToken }, world.asOwner);
    const third = await world.members.listConflicts({ ...ask, pageToken: second.nextPageToken }, world.asOwner);
    const pages = [first, second, third];
    expect(pages.map(({ conflicts }) => conflicts.length)).toEqual([2, 2, 1]);
    expect(pages.flatMap(({ conflicts }) => conflicts.map(({ booking }) => booking))).toEqual(
      all.map(({ booking }) => booking),
    );
    expect(third.nextPageToken).toBe("");
    const range = { startTime: at(1440 + 59), endTime: at(2 * 1440) };
    expect((await conflictsOf(salon, { range })).map(({ booking }) => booking)).toEqual([all[1]?.booking]);
    expect(await reasonFor(world.members.listConflicts(ask, world.asStranger))).toBe("NOT_FOUND");
    const stolen = { ...ask, range, pageToken: first.nextPageToken };
    expect(await reasonFor(world.members.listConflicts(stolen, world.asOwner))).toBe("PAGE_TOKEN_INVALID");
  });
});

describe("a conflict that a member accepts", () => {
  test("given Basma's time off, when the booking is moved to where it is outside of hours, then it is none, until time off is written again", async () => {
    const salon = await world.salon();
    const booked = await firm(salon, 0);
    await awayFor(salon.basma, 0, 120);
    expect(told(await conflictsOf(salon))).toEqual([[booked.booking, [SlotClause.ALL_OPEN, RefusalKind.TIME_OFF]]]);
    expect(await reasonFor(move(salon, booked, 0))).toBe("SLOT_NOT_OFFERED");
    const accepted = await move(salon, booked, 0, { ignoreHours: true });
    expect(await conflictsOf(salon)).toEqual([]);
    world.clock.advance({ seconds: 1 });
    expect((await awayFor(salon.basma, 30, 90)).conflictingBookings).toEqual([booked.booking]);
    expect(await conflictsOf(salon)).toHaveLength(1);
    // Moved to where everybody is there again, it is as any other.
    const moved = await move(salon, accepted, 180);
    expect(await conflictsOf(salon)).toEqual([]);
    await update(`${salon.provider}/schedule`, 9 * 60, 12 * 60);
    expect(told(await conflictsOf(salon))).toEqual([[moved.booking, [SlotClause.ALL_OPEN, RefusalKind.WEEKLY_HOURS]]]);
  });
});
