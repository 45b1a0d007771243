import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Service_State, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffMember_State, StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { reasonOf } from "@dawr/rpc";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { at, bookingOf, newId, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

/** A salon where Amal visits customers, and serves at the salon: an hour each, 10 minutes before and 20 after kept free. */
async function visitingSalon(travelMinutes: number) {
  const salon = await world.salon();
  const service = (atCustomer: boolean, buffers: object) =>
    create(ServiceSchema, {
      name: `${salon.provider}/services/${newId()}`,
      durationMinutes: 60,
      atCustomer,
      state: Service_State.ACTIVE,
      ...buffers,
    });
  const buffers = { bufferBeforeMinutes: 10, bufferAfterMinutes: 20 };
  const [visit, same, plain] = [service(true, buffers), service(false, buffers), service(false, {})];
  const amal = `${salon.provider}/staff/${newId()}`;
  await world.importAll([
    visit,
    same,
    plain,
    create(StaffMemberSchema, {
      name: amal,
      skills: [visit, same, plain].map(({ name }) => ({ service: name })),
      state: StaffMember_State.ACTIVE,
    }),
  ]);
  await world.schedules.updateBookingRules(
    {
      bookingRules: { name: `${salon.provider}/bookingRules`, travelMinutes, slotStepMinutes: 5 },
      updateMask: { paths: ["travel_minutes", "slot_step_minutes"] },
      requestId: randomUUID(),
    },
    world.asOwner,
  );
  return { ...salon, amal, visit: visit.name, same: same.name, plain: plain.name };
}

type Visiting = Awaited<ReturnType<typeof visitingSalon>>;

async function reserve(salon: Salon & Visiting, service: string, minutes: number): Promise<void> {
  await world.reservations.reserve({
    booking: bookingOf(salon),
    items: [withStaff(service, salon.amal)],
    startTime: at(minutes),
    holdDuration: { seconds: 900n },
    requestId: randomUUID(),
  });
}

async function offered(salon: Visiting, service: string, minutes: number): Promise<boolean> {
  const { slots } = await world.slots.findSlots({
    provider: salon.provider,
    items: [withStaff(service, salon.amal)],
    startTime: at(minutes),
    endTime: at(minutes + 1),
  });
  return slots.length === 1;
}

describe("given a visit of 60 minutes with buffers of 10 and 20 (S4, BK-13)", () => {
  test.each([
    [0, 10, 20],
    [5, 10, 20],
    [10, 10, 20],
    [15, 15, 20],
    [20, 20, 20],
    [25, 25, 25],
    [45, 45, 45],
  ])("when travel takes %d minutes, then %d before and %d after it are not free", async (travel, before, after) => {
    const salon = await visitingSalon(travel);
    await reserve(salon, salon.visit, 120);
    expect([
      await offered(salon, salon.plain, 120 - before - 60),
      await offered(salon, salon.plain, 120 - before - 55),
      await offered(salon, salon.plain, 180 + after - 5),
      await offered(salon, salon.plain, 180 + after),
    ]).toEqual([true, false, false, true]);
  });

  test.each([
    [15, 15, 20],
    [45, 45, 45],
  ])(
    "when travel takes %d minutes, then a visit itself keeps %d before and %d after it free",
    async (travel, before, after) => {
      const salon = await visitingSalon(travel);
      await reserve(salon, salon.plain, 120);
      expect([
        await offered(salon, salon.visit, 120 - after - 60),
        await offered(salon, salon.visit, 120 - after - 55),
        await offered(salon, salon.visit, 180 + before - 5),
        await offered(salon, salon.visit, 180 + before),
      ]).toEqual([true, false, false, true]);
      const tooClose = await reserve(salon, salon.visit, 180 + before - 5).catch(reasonOf);
      expect(tooClose).toMatchObject({ reason: "SLOT_TAKEN" });
      await reserve(salon, salon.visit, 180 + before);
    },
  );

  test("when it is at the salon, then nobody travels: its buffers are kept as they are", async () => {
    const salon = await visitingSalon(45);
    await reserve(salon, salon.same, 120);
    expect([
      await offered(salon, salon.plain, 50),
      await offered(salon, salon.plain, 55),
      await offered(salon, salon.plain, 195),
      await offered(salon, salon.plain, 200),
    ]).toEqual([true, false, false, true]);
  });
});
