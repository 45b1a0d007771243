import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Reservation, Reservation_State } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ServiceChangedSchema } from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import { Service_State, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { clausesOf, idOf, reasonFor, reserving } from "./reserving.ts";
import { anyStaff, at, newId, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const { firm, move, offered, listed, overlaps, occupied, sessionsOf } = reserving(() => world);
const hold = { holdDuration: { seconds: 900n } };
const named = ({ name, fencingToken }: Reservation) => ({ name, fencingToken, requestId: randomUUID() });
const limitTo = (salon: Salon, limit: object) =>
  world.schedules.updateBookingRules(
    { bookingRules: { name: `${salon.provider}/bookingRules`, limits: [limit] as never }, requestId: randomUUID() },
    world.asOwner,
  );

describe("a move", () => {
  test("given a firm reservation, then it is at the new time alone, under a new token, and answers the same again", async () => {
    const salon = await world.salon();
    const first = await firm(salon, 0);
    const requestId = randomUUID();
    const moved = await move(salon, first, 120, { requestId });
    expect(moved).toMatchObject({ name: first.name, state: Reservation_State.FIRM, startTime: at(120) });
    expect(moved.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(await move(salon, first, 120, { requestId })).toEqual(moved);
    expect([await offered(salon, 0), await offered(salon, 120)]).toEqual([true, false]);
    expect(await reasonFor(move(salon, first, 60))).toBe("FENCING_TOKEN_STALE");
    expect((await listed(salon)).map(({ startTime }) => startTime?.seconds)).toEqual([at(120).seconds]);
  });

  test("given a held one, then it stays held until the same time, and lapses there", async () => {
    const salon = await world.salon();
    const held = await firm(salon, 0, hold);
    world.clock.advance({ minutes: 14, seconds: 59 });
    const moved = await move(salon, held, 60);
    expect([moved.state, moved.expireTime]).toEqual([Reservation_State.HELD, held.expireTime]);
    world.clock.advance({ seconds: 1 });
    expect(await offered(salon, 60)).toBe(true);
    expect(await reasonFor(move(salon, moved, 120))).toBe("RESERVATION_LAPSED");
    await firm(salon, 60);
  });

  test("given the new time is taken, then the old one is kept with its token", async () => {
    const salon = await world.salon();
    const [mine] = [await firm(salon, 0), await firm(salon, 60)];
    expect(await reasonFor(move(salon, mine, 60))).toBe("SLOT_TAKEN");
    expect(await reasonFor(move(salon, mine, 30))).toBe("SLOT_TAKEN");
    expect(await offered(salon, 0)).toBe(false);
    await world.reservations.confirmReservation(named(mine));
  });

  test("given a hold in the way whose time is over, then it ends and makes room", async () => {
    const salon = await world.salon();
    const [mine, other] = [await firm(salon, 0), await firm(salon, 60, hold)];
    world.clock.advance({ minutes: 15 });
    await move(salon, mine, 60);
    expect(await reasonFor(world.reservations.confirmReservation(named(other)))).toBe("RESERVATION_LAPSED");
    const lapsed = await world.store.read((tx) =>
      tx.query("select from outbox where type = 'dawr.availability.v1.ReservationLapsed' and key = $1", [
        idOf(other.name),
      ]),
    );
    expect(lapsed).toHaveLength(1);
  });

  test("given released, or nobody's, then it is refused by name", async () => {
    const salon = await world.salon();
    const gone = await firm(salon, 0);
    await world.reservations.releaseReservation(named(gone));
    expect(await reasonFor(move(salon, gone, 60))).toBe("RESERVATION_RELEASED");
    expect(await reasonFor(move(salon, { ...gone, name: `${salon.provider}/reservations/${newId()}` }, 60))).toBe(
      "NOT_FOUND",
    );
  });

  test("given an end, then until it the move is made, after it never, but what was made is answered again", async () => {
    const salon = await world.salon();
    const first = await firm(salon, 0);
    const end = world.clock.now().add({ seconds: 30 });
    const expireTime = { seconds: BigInt(Math.floor(end.epochMilliseconds / 1000)) };
    const requestId = randomUUID();
    world.clock.advance({ seconds: 28 });
    const moved = await move(salon, first, 60, { expireTime, requestId });
    world.clock.advance({ seconds: 3 });
    expect(await move(salon, first, 60, { expireTime, requestId })).toEqual(moved);
    expect(await reasonFor(move(salon, moved, 120, { expireTime }))).toBe("MOVE_TOO_LATE");
    expect(await offered(salon, 60)).toBe(false);
  });

  test("given a service that was archived since, then what is booked of it can move, and no more be booked", async () => {
    const salon = await world.salon();
    const booked = await firm(salon, 0);
    const handler = world.parts.consumers?.[0]?.handlers.get(ServiceChangedSchema.typeName);
    const service = create(ServiceSchema, { name: salon.colour, durationMinutes: 60, state: Service_State.ARCHIVED });
    await world.store.transaction((tx) =>
      handler?.handle(tx, {
        id: newId(),
        type: ServiceChangedSchema.typeName,
        source: "dawr.catalog",
        subject: salon.colour,
        key: idOf(salon.colour),
        sequence: 9n,
        time: world.clock.now(),
        data: toBinary(ServiceChangedSchema, create(ServiceChangedSchema, { service })),
      }),
    );
    expect(await reasonFor(firm(salon, 120))).toBe("SERVICE_NOT_BOOKABLE");
    expect((await move(salon, booked, 60)).startTime).toMatchObject(at(60));
  });
});

describe("what a move does not count against itself", () => {
  test("given 15 minutes later, then its own time and buffers are not in its way", async () => {
    const salon = await world.salon();
    const items = [withStaff(salon.cut, salon.amal)];
    const first = await firm(salon, 0, { items });
    const moved = await move(salon, first, 15, { items });
    expect(await occupied(moved)).toEqual([`${idOf(salon.amal)} 1`, `${idOf(salon.chairs)} 1`].sort());
  });

  test("given a day that is full with it, then it moves within the day, and not to another full one", async () => {
    const salon = await world.salon();
    await limitTo(salon, { subject: salon.provider, perDay: 1 });
    const [mine] = [await firm(salon, 0), await firm(salon, 1440)];
    expect(await clausesOf(firm(salon, 120))).toBe("S8");
    const moved = await move(salon, mine, 120);
    expect(await clausesOf(move(salon, moved, 1440 + 120))).toBe("S8");
    await move(salon, moved, 2 * 1440);
  });

  test("given a limit that was lowered since, then who stays at the same time may get other staff", async () => {
    const salon = await world.salon();
    const items = [withStaff(salon.cut, salon.amal)];
    const [mine] = [await firm(salon, 0, { items }), await firm(salon, 60, { items })];
    await limitTo(salon, { subject: salon.provider, perDay: 1 });
    expect(await clausesOf(move(salon, mine, 15, { items }))).toBe("S8");
    const moved = await move(salon, mine, 0, { items: [withStaff(salon.cut, salon.basma)] });
    expect(moved.assignments[0]?.staffMember).toBe(salon.basma);
  });

  test("given its start has begun, then who stays at the same time may get other staff, and cannot move within the past", async () => {
    const other = await serviceWorld("2026-03-02T05:00:00Z");
    try {
      const acting = reserving(() => other);
      const salon = await other.salon();
      const mine = await acting.firm(salon, 0, { items: [withStaff(salon.cut, salon.amal)] });
      other.clock.advance({ hours: 2, minutes: 5 });
      const items = [withStaff(salon.cut, salon.basma)];
      expect(await clausesOf(acting.move(salon, mine, -15, { items }))).toBe("S7");
      expect((await acting.move(salon, mine, 0, { items })).assignments[0]?.staffMember).toBe(salon.basma);
    } finally {
      await other.drop();
    }
  });
});

describe("group sessions", () => {
  const yoga = (salon: Salon) => [anyStaff(salon.yoga)];

  test("given the only one of a class, when moved by 15 minutes, then the class goes along", async () => {
    const salon = await world.salon();
    const items = yoga(salon);
    const mine = await firm(salon, 0, { items });
    await move(salon, mine, 15, { items });
    expect(await sessionsOf(salon)).toBe(1);
    expect(await offered(salon, 0, items)).toBe(false);
    expect(await offered(salon, 15, items)).toBe(true);
    expect(await overlaps()).toBe(0);
  });

  test("given a hold in the class whose time is over, when the only other is moved, then the class goes along all the same", async () => {
    const salon = await world.salon();
    const items = yoga(salon);
    const mine = await firm(salon, 0, { items });
    const other = await firm(salon, 0, { items, ...hold });
    expect(await reasonFor(move(salon, mine, 15, { items }))).toBe("SLOT_TAKEN");
    world.clock.advance({ minutes: 15 });
    await move(salon, mine, 15, { items });
    expect([await sessionsOf(salon), await occupied(other)]).toEqual([1, []]);
    expect(await overlaps()).toBe(0);
  });

  test("given the only one of a class, when moved to where it is with more people, then they get seats", async () => {
    const salon = await world.salon();
    const items = yoga(salon);
    const mine = await firm(salon, 0, { items });
    const moved = await move(salon, mine, 0, { items, partySize: 6 });
    expect(await occupied(moved)).toHaveLength(6);
    expect(await reasonFor(move(salon, moved, 0, { items, partySize: 7 }))).toBe("SLOT_NOT_OFFERED");
    expect(await sessionsOf(salon)).toBe(1);
  });

  test("given two in a class, when one moves on, then the class stays for the other, and its seat is free", async () => {
    const salon = await world.salon();
    const items = yoga(salon);
    const [mine, theirs] = [
      await firm(salon, 0, { items, partySize: 3 }),
      await firm(salon, 0, { items, partySize: 3 }),
    ];
    expect(await reasonFor(firm(salon, 0, { items }))).toBe("SLOT_TAKEN");
    // The class itself is in the way of another one by the same teacher.
    expect(await reasonFor(move(salon, mine, 15, { items, partySize: 3 }))).toBe("SLOT_TAKEN");
    const moved = await move(salon, mine, 60, { items, partySize: 3 });
    expect(await sessionsOf(salon)).toBe(2);
    await firm(salon, 0, { items, partySize: 3 });
    // … and back is full now; from the other class one can join this one.
    expect(await reasonFor(move(salon, moved, 0, { items, partySize: 3 }))).toBe("SLOT_TAKEN");
    await move(salon, theirs, 60, { items, partySize: 3 });
    expect(await sessionsOf(salon)).toBe(2);
    expect(await overlaps()).toBe(0);
  });

  test("given people of two classes who change places at once, then each has seats of one, and nobody waits for a deadlock", async () => {
    const salon = await world.salon();
    const items = yoga(salon);
    const early = [await firm(salon, 0, { items }), await firm(salon, 0, { items })];
    const late = [await firm(salon, 60, { items }), await firm(salon, 60, { items })];
    const begun = performance.now();
    await Promise.all([
      ...early.map((one) => move(salon, one, 60, { items })),
      ...late.map((one) => move(salon, one, 0, { items })),
    ]);
    // PostgreSQL looks for deadlocks after a second.
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await sessionsOf(salon)).toBe(2);
    for (const one of [...early, ...late]) expect(await occupied(one)).toHaveLength(1);
    expect(await overlaps()).toBe(0);
  });
});

describe("races", () => {
  test("given many who want to move to one time, then one does, and all others keep theirs", async () => {
    const salon = await world.salon();
    const all = await Promise.all(Array.from({ length: 12 }, (_, i) => firm(salon, 1440 * (i + 1))));
    const reasons = await Promise.all(all.map((one) => reasonFor(move(salon, one, 0))));
    expect(reasons.filter((reason) => reason === undefined)).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set([undefined, "SLOT_TAKEN"]));
    const kept = (await listed(salon)).map(({ startTime }) => startTime?.seconds);
    expect(kept).toHaveLength(12);
    expect(kept).toContain(at(0).seconds);
    expect(await overlaps()).toBe(0);
  });

  test("given moves and new bookings that want one time at once, then one has it", async () => {
    const salon = await world.salon();
    const movers = await Promise.all(Array.from({ length: 8 }, (_, i) => firm(salon, 1440 * (i + 1))));
    const reasons = await Promise.all([
      ...movers.map((one) => reasonFor(move(salon, one, 0))),
      ...Array.from({ length: 24 }, () => reasonFor(firm(salon, 0))),
    ]);
    expect(reasons.filter((reason) => reason === undefined)).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set([undefined, "SLOT_TAKEN"]));
    expect((await listed(salon)).filter(({ startTime }) => startTime?.seconds === at(0).seconds)).toHaveLength(1);
    expect(await overlaps()).toBe(0);
  });

  test("given two who want each other's time at once, then both are refused and stay, again and again", async () => {
    const salon = await world.salon();
    const [a, b] = [await firm(salon, 0), await firm(salon, 60)];
    for (let round = 0; round < 10; round++)
      expect(await Promise.all([reasonFor(move(salon, a, 60)), reasonFor(move(salon, b, 0))])).toEqual([
        "SLOT_TAKEN",
        "SLOT_TAKEN",
      ]);
    expect((await listed(salon)).map(({ name }) => name)).toEqual([a.name, b.name]);
  });

  test("given one reservation that is moved in eight ways at once, then one way wins, and the other tokens are stale", async () => {
    const salon = await world.salon();
    const mine = await firm(salon, 0);
    const reasons = await Promise.all(Array.from({ length: 8 }, (_, i) => reasonFor(move(salon, mine, 15 * (i + 1)))));
    expect(reasons.filter((reason) => reason === undefined)).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set([undefined, "FENCING_TOKEN_STALE"]));
    expect(await occupied(mine)).toHaveLength(1);
  });

  test("given one that is moved and released at once, then nothing of it is left", async () => {
    const salon = await world.salon();
    for (let round = 0; round < 6; round++) {
      const mine = await firm(salon, 0);
      const [moved, released] = await Promise.all([
        reasonFor(move(salon, mine, 60)),
        reasonFor(world.reservations.releaseReservation(named(mine))),
      ]);
      if (moved === undefined) {
        expect(released).toBe("FENCING_TOKEN_STALE");
        const [kept] = await listed(salon);
        expect(kept?.startTime?.seconds).toBe(at(60).seconds);
        const token = await tokenOf(mine);
        await world.reservations.releaseReservation({ ...named(mine), fencingToken: token });
      } else expect([moved, released]).toEqual(["RESERVATION_RELEASED", undefined]);
      expect(await occupied(mine)).toEqual([]);
    }
  });
});

test("given the database dies in the middle of a move, then the old time is kept, and the same request moves it later", async () => {
  const salon = await world.salon();
  const mine = await firm(salon, 0);
  const requestId = randomUUID();
  const letGo = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  // Whoever moves something of Basma's waits for this.
  const holding = world.store.transaction(async (tx) => {
    await tx.query("select lock_units(array[$1::uuid])", [idOf(salon.basma)]);
    isHeld.resolve();
    await letGo.promise;
  });
  await isHeld.promise;
  const moving = reasonFor(move(salon, mine, 60, { requestId }));
  await eventually(async () => {
    const killed = await world.store.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%move_reservation%'`,
    );
    expect(killed).toHaveLength(1);
  });
  expect(await moving).toBe("UNAVAILABLE");
  letGo.resolve();
  await holding;
  expect([await offered(salon, 0), await offered(salon, 60)]).toEqual([false, true]);
  const moved = await move(salon, mine, 60, { requestId });
  expect(moved.startTime).toMatchObject(at(60));
  expect(await move(salon, mine, 60, { requestId })).toEqual(moved);
  expect(await occupied(mine)).toHaveLength(1);
});

async function tokenOf({ name }: Reservation): Promise<bigint> {
  const [row] = await world.store.read((tx) =>
    tx.query<{ token: bigint }>("select fencing_token as token from reservation where reservation_id = $1", [
      idOf(name),
    ]),
  );
  return row?.token ?? 0n;
}
