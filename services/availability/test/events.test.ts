import { randomUUID } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { parseConfig } from "@dawr/config";
import type { Event, Handler } from "@dawr/events";
import { AvailabilityChangedSchema, ReservationLapsedSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import { Reservation_State, ReservationSchema } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ServiceChangedSchema } from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import { Service_State, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { type Store, StoreError, type Tx } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { config, defaultRules } from "../src/config.ts";
import { publishChangesTimer } from "../src/events/publish-changes.ts";
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

describe("a provider whose schedule cannot be read", () => {
  const timer = () => world.parts.timers?.find((t) => t.name === "publish-changes");
  const corrupt = (...salons: readonly Salon[]) =>
    world.store.transaction((tx) =>
      tx.query(
        `with kept as (
           update schedule s set content = '{"week": 7}' from schedule old
            where s.provider_id = any($1::uuid[]) and old.provider_id = s.provider_id and old.owner_id = s.owner_id
           returning s.provider_id, old.content)
         select provider_id, content from kept`,
        [salons.map((salon) => idOf(salon.provider))],
      ),
    );
  const repair = (rows: readonly Record<string, unknown>[]) =>
    world.store.transaction(async (tx) => {
      for (const { provider_id, content } of rows)
        await tx.query("update schedule set content = $2 where provider_id = $1", [
          provider_id,
          JSON.stringify(content),
        ]);
    });
  const eventsOf = async ({ provider }: Salon) => (await published("AvailabilityChanged", idOf(provider))).length;
  const failuresOf = ({ provider }: Salon) => world.logged.filter((line) => line.provider === provider).length;
  /** Whole seconds: the database's clock goes on while a transaction lasts. */
  const secondsToNext = async () => {
    const next = await timer()?.next();
    return next && Math.round(next.since(world.clock.now()).total("seconds"));
  };

  beforeEach(async () => {
    world.clock.advance({ seconds: 5 });
    await settle("publish-changes");
    world.logged.length = 0;
  });

  test("given others changed too, then they are published, and it is logged, tried again, and published once it can be", async () => {
    const [before, broken, after] = [await world.salon(), await world.salon(), await world.salon()];
    const content = await corrupt(broken);
    world.clock.advance({ seconds: 5 });
    await settle("publish-changes");
    expect(await Promise.all([before, broken, after].map(eventsOf))).toEqual([1, 0, 1]);
    expect(world.logged).toEqual([expect.objectContaining({ level: "error", provider: broken.provider })]);
    expect(await secondsToNext()).toBe(1);

    // It waits for its time, and the others for nothing.
    await reserve(after, 0);
    world.clock.advance({ milliseconds: 800 });
    await settle("publish-changes");
    expect(await Promise.all([broken, after].map(eventsOf))).toEqual([0, 2]);
    expect(failuresOf(broken)).toBe(1);
    world.clock.advance({ milliseconds: 400 });
    await settle("publish-changes");
    expect([failuresOf(broken), await secondsToNext()]).toEqual([2, 2]);

    await repair(content);
    await reserve(broken, 0);
    world.clock.advance({ milliseconds: 2_400 });
    await settle("publish-changes");
    const [event, ...more] = await published("AvailabilityChanged", idOf(broken.provider));
    expect([event?.sequence, more]).toEqual([1n, []]);
    expect(fromBinary(AvailabilityChangedSchema, event?.data ?? new Uint8Array()).nextDays).toHaveLength(7);
    expect([failuresOf(broken), await secondsToNext()]).toEqual([2, undefined]);

    // From now on it is published with all others again.
    await reserve(broken, 60);
    world.clock.advance({ seconds: 1 });
    await settle("publish-changes");
    expect(await eventsOf(broken)).toBe(2);
  });

  test("given it stays broken, then it is tried again after 1, 2, 4 … seconds, and at least every minute", async () => {
    const broken = await world.salon();
    const content = await corrupt(broken);
    world.clock.advance({ seconds: 5 });
    const pauses: unknown[] = [];
    for (let i = 0; i < 9; i++) {
      await settle("publish-changes");
      const pause = (await secondsToNext()) ?? 0;
      pauses.push(pause);
      world.clock.advance({ seconds: pause, milliseconds: 400 });
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(failuresOf(broken)).toBe(9);
    await repair(content);
    await settle("publish-changes");
    expect(await eventsOf(broken)).toBe(1);
  });

  test("given more of them than are published at once, then the one that changed last is published all the same", async () => {
    const salons = Array.from({ length: 60 }, salonNames);
    await world.importAll(salons.flatMap((salon) => [...salonResources(salon)]));
    const content = await corrupt(...salons);
    world.clock.advance({ seconds: 1 });
    const healthy = await world.salon();
    world.clock.advance({ seconds: 5 });
    await settle("publish-changes");
    expect(await eventsOf(healthy)).toBe(1);
    expect(world.logged.map(({ provider }) => provider).toSorted()).toEqual(
      salons.map(({ provider }) => provider).toSorted(),
    );
    await repair(content);
    world.clock.advance({ seconds: 5 });
    await settle("publish-changes");
    expect(await Promise.all(salons.map(eventsOf))).toEqual(Array(60).fill(1));
  });

  const timerOn = (transaction: Store["transaction"]) =>
    publishChangesTimer({
      store: Object.create(world.store, { transaction: { value: transaction } }),
      now: world.clock.now,
      log: createLogger({ service: "availability", level: "silent" }),
      defaults: defaultRules(parseConfig(config, {})),
      gatherMs: 200,
    });

  test("given none is broken, then many are published in one transaction, without savepoints", async () => {
    const salons = [await world.salon(), await world.salon(), await world.salon()];
    world.clock.advance({ seconds: 5 });
    let transactions = 0;
    const statements: string[] = [];
    const work: Store["transaction"] = (run) => {
      transactions += 1;
      return world.store.transaction((tx) => {
        const query: Tx["query"] = (sql, params) => {
          statements.push(sql);
          return tx.query(sql, params);
        };
        return run(Object.create(tx, { query: { value: query } }));
      });
    };
    await timerOn(work).fire();
    expect(await Promise.all(salons.map(eventsOf))).toEqual([1, 1, 1]);
    expect(transactions).toBe(1);
    expect(statements.length).toBeLessThan(12);
    expect(statements.join()).not.toMatch(/savepoint/i);
  });

  test("given the database is away, then no provider is blamed for it", async () => {
    const salon = await world.salon();
    world.clock.advance({ seconds: 5 });
    const away = new StoreError("UNAVAILABLE", "away");
    await expect(timerOn(() => Promise.reject(away)).fire()).rejects.toBe(away);
    // Also when it goes in the middle.
    let calls = 0;
    const going: Store["transaction"] = (run) => {
      calls += 1;
      return calls === 1
        ? Promise.reject(new Error("spoilt"))
        : calls === 2
          ? Promise.reject(away)
          : world.store.transaction(run);
    };
    await expect(timerOn(going).fire()).rejects.toBe(away);
    expect(await world.store.read((tx) => tx.query("select from publish_retry"))).toEqual([]);
    await settle("publish-changes");
    expect(await eventsOf(salon)).toBe(1);
  });

  test("given another replica is at it, then it stays to be tried again", async () => {
    const broken = await world.salon();
    const content = await corrupt(broken);
    world.clock.advance({ seconds: 5 });
    await settle("publish-changes");
    world.clock.advance({ milliseconds: 1_400 });
    await world.store.transaction((tx) =>
      tx.query("insert into provider_availability values ($1, 0) on conflict do nothing", [idOf(broken.provider)]),
    );
    await world.store.transaction(async (other) => {
      await other.query("select from provider_availability where provider_id = $1 for update", [idOf(broken.provider)]);
      await timer()?.fire();
    });
    expect(failuresOf(broken)).toBe(1);
    expect(await secondsToNext()).toBeCloseTo(0);
    await repair(content);
    await settle("publish-changes");
    expect(await eventsOf(broken)).toBe(1);
  });
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
