import { randomUUID } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Event, Handler } from "@dawr/events";
import { AvailabilityChangedSchema, ReservationLapsedSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import { Reservation_State, ReservationSchema } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ServiceChangedSchema } from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import { Service_State, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  anyStaff,
  at,
  bookingOf,
  newId,
  type Salon,
  type ServiceWorld,
  salonNames,
  salonResources,
  serviceWorld,
  withStaff,
} from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const reserve = (salon: Salon, minutes: number) =>
  world.reservations.reserve({
    booking: bookingOf(salon),
    items: [withStaff(salon.colour, salon.basma)],
    startTime: at(minutes),
    holdDuration: { seconds: 900n },
    requestId: randomUUID(),
  });

/** Fires a timer until nothing is due any more, as the runtime does. */
async function settle(name: string): Promise<void> {
  const timer = world.parts.timers?.find((t) => t.name === name);
  if (!timer) throw new Error(`no timer ${name}`);
  for (;;) {
    const next = await timer.next();
    if (!next || Temporal.Instant.compare(next, world.clock.now()) > 0) return;
    await timer.fire();
  }
}

type Row = { readonly data: Uint8Array; readonly sequence: bigint };
const published = (type: string, key: string) =>
  world.store.read((tx) =>
    tx.query<Row>("select data, sequence from outbox where type = $1 and key = $2 order by sequence", [
      `dawr.availability.v1.${type}`,
      key,
    ]),
  );
const idOf = (name: string) => name.split("/").at(-1) ?? "";

test("given reservations and a schedule change, when published, then one event per gathering tells days and the free share", async () => {
  const salon = await world.salon();
  world.clock.advance({ seconds: 5 });
  await settle("publish-changes");
  await reserve(salon, 0);
  await reserve(salon, 60 + 1440);
  world.clock.advance({ seconds: 5 });
  await settle("publish-changes");
  const events = (await published("AvailabilityChanged", idOf(salon.provider))).map(({ data, sequence }) => ({
    sequence,
    ...fromBinary(AvailabilityChangedSchema, data),
  }));
  expect(events.map((event) => event.sequence)).toEqual([1n, 2n]);
  // The import touches everything: no date is named. Two staff members of 8 hours are open.
  expect(events[0]).toMatchObject({ provider: salon.provider, dates: [] });
  expect(events[0]?.nextDays.map((day) => [day.openMinutes, day.freeMinutes])).toEqual(Array(7).fill([960, 960]));
  expect(events[1]?.dates.map(({ month, day }) => [month, day])).toEqual([
    [3, 2],
    [3, 3],
  ]);
  expect(events[1]?.nextDays.map((day) => day.freeMinutes)).toEqual([960, 900, 900, 960, 960, 960, 960]);
  expect(events[1]?.nextFreeTime?.seconds).toBe(
    BigInt(Temporal.Instant.from("2026-03-01T07:15:00Z").epochMilliseconds / 1000),
  );
});

test("given holds, when the timer fires, then those whose time is over end with an event each, and the others stay", async () => {
  const salon = await world.salon();
  const first = await reserve(salon, 0);
  world.clock.advance({ minutes: 10 });
  const second = await reserve(salon, 60);
  world.clock.advance({ minutes: 5 });
  await settle("lapse-holds");
  const [event, ...more] = await published("ReservationLapsed", idOf(first.name));
  expect(more).toEqual([]);
  expect(fromBinary(ReservationLapsedSchema, event?.data ?? new Uint8Array()).reservation).toMatchObject({
    name: first.name,
    booking: first.booking,
    state: Reservation_State.LAPSED,
    fencingToken: 0n,
  });
  expect(await published("ReservationLapsed", idOf(second.name))).toEqual([]);
});

describe("copies of catalog", () => {
  const handlerOf = (type: string): Handler => {
    const handler = world.parts.consumers?.[0]?.handlers.get(type);
    if (!handler) throw new Error(`nobody handles ${type}`);
    return handler;
  };

  test("given a service's newer version, when an older one comes after it, then the newer stays", async () => {
    const salon = await world.salon();
    const handle = async (version: bigint, durationMinutes: number, state: Service_State) => {
      const service = create(ServiceSchema, { name: salon.colour, durationMinutes, state });
      const event: Event = {
        id: newId(),
        type: ServiceChangedSchema.typeName,
        source: "dawr.catalog",
        subject: salon.colour,
        key: idOf(salon.colour),
        sequence: version,
        time: world.clock.now(),
        data: toBinary(ServiceChangedSchema, create(ServiceChangedSchema, { service })),
      };
      await world.store.transaction((tx) => handlerOf(event.type).handle(tx, event));
    };
    const lastEnd = async () => {
      const { slots } = await world.slots.findSlots({
        provider: salon.provider,
        items: [anyStaff(salon.colour)],
        startTime: at(0),
        endTime: at(1),
      });
      return slots[0] && Number((slots[0].endTime?.seconds ?? 0n) - (slots[0].startTime?.seconds ?? 0n)) / 60;
    };
    await handle(3n, 90, Service_State.ACTIVE);
    await handle(2n, 15, Service_State.ACTIVE);
    expect(await lastEnd()).toBe(90);
    await handle(4n, 90, Service_State.ARCHIVED);
    await expect(lastEnd()).rejects.toThrow();
  });
});

describe("importing a market", () => {
  test("given 600 providers with 6,000 reservations, when imported, then it takes a moment, and slots follow", async () => {
    const salons = Array.from({ length: 600 }, salonNames);
    const resources = salons.flatMap((salon) => [...salonResources(salon), ...reservationsOf(salon)]);
    const begun = performance.now();
    await world.importAll(resources);
    expect(performance.now() - begun).toBeLessThan(10_000);
    const salon = salons[300];
    if (!salon) throw new Error("no salon");
    const { slots } = await world.slots.findSlots({
      provider: salon.provider,
      items: [withStaff(salon.cut, salon.basma)],
      startTime: at(-60),
      endTime: at(420),
    });
    // Ten reservations from 9:00, each 40 minutes with its buffer, leave 15:45 to 16:30.
    expect(slots.map((slot) => slot.providerLocalStart.slice(11, 16))).toEqual(["15:45", "16:00", "16:15", "16:30"]);
    expect(await published("ReservationLapsed", idOf(salon.provider))).toEqual([]);
  });

  test("given reservations that overlap, when imported, then nothing is", async () => {
    const salon = salonNames();
    const [one] = reservationsOf(salon);
    if (!one) throw new Error("no reservation");
    const twice = [
      ...salonResources(salon),
      one,
      create(ReservationSchema, {
        ...one,
        name: `${salon.provider}/reservations/${newId()}`,
        booking: bookingOf(salon),
      }),
    ];
    await expect(world.importAll(twice)).rejects.toThrow(/overlap/);
    const { results } = await world.slots.nextFree({ queries: [{ provider: salon.provider }] });
    expect(results[0]?.startTime).toBeUndefined();
  });
});

function reservationsOf(salon: Salon) {
  return Array.from({ length: 10 }, (_, i) => {
    const startTime = at(-60 + i * 40);
    const endTime = at(-30 + i * 40);
    const resources = [{ resource: salon.chairs, lanes: [2] }];
    return create(ReservationSchema, {
      name: `${salon.provider}/reservations/${newId()}`,
      booking: bookingOf(salon),
      state: Reservation_State.FIRM,
      assignments: [{ service: salon.cut, staffMember: salon.basma, startTime, endTime, resources }],
      startTime,
      endTime,
      partySize: 1,
    });
  });
}
