import { randomUUID } from "node:crypto";
import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { type Reservation, Reservation_State } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { reasonOf } from "@dawr/rpc";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { anyStaff, at, bookingOf, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const holdDuration = { seconds: 900n };
type Wish = {
  readonly items?: SlotItem[];
  readonly partySize?: number;
  readonly startTime?: ReturnType<typeof at>;
  readonly ignoreNotice?: boolean;
  readonly preferredAssignments?: { readonly staffMember: string }[];
};
const reserve = (salon: Salon, minutes: number, more: Wish = {}) =>
  world.reservations.reserve({
    booking: bookingOf(salon),
    items: [withStaff(salon.colour, salon.basma)],
    startTime: at(minutes),
    holdDuration,
    requestId: randomUUID(),
    ...more,
  });
const named = ({ name, fencingToken }: Reservation) => ({ name, fencingToken, requestId: randomUUID() });

async function reasonFor(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return reasonOf(error)?.reason ?? String(error);
  }
}

async function offered(salon: Salon, service: string, minutes: number): Promise<boolean> {
  const { slots } = await world.slots.findSlots({
    provider: salon.provider,
    items: [anyStaff(service)],
    startTime: at(minutes),
    endTime: at(minutes + 1),
  });
  return slots.length === 1;
}

/** Pairs of active stretches of one lane that overlap: there must never be any. */
async function overlaps(): Promise<number> {
  const [row] = await world.store.read((tx) =>
    tx.query<{ count: number }>(`select count(*)::int as count from occupancy a join occupancy b
      on a.provider_id = b.provider_id and a.unit_id = b.unit_id and a.lane = b.lane and a.during && b.during and a.ctid < b.ctid`),
  );
  return row?.count ?? -1;
}

describe("races", () => {
  test("given 64 callers, when all want one slot, then one wins, the others are told that it is taken, and nobody waits long", async () => {
    const salon = await world.salon();
    for (const round of [0, 60, 120]) {
      const times: number[] = [];
      const reasons = await Promise.all(
        Array.from({ length: 64 }, async () => {
          const begun = performance.now();
          const reason = await reasonFor(reserve(salon, round));
          times.push(performance.now() - begun);
          return reason;
        }),
      );
      expect(reasons.filter((reason) => reason === undefined)).toHaveLength(1);
      expect(new Set(reasons)).toEqual(new Set([undefined, "SLOT_TAKEN"]));
      times.sort((a, b) => a - b);
      expect(times[32]).toBeLessThan(5_000);
    }
    expect(await overlaps()).toBe(0);
  });

  test("given a hold that has run out, when 64 callers want its slot, then one wins", async () => {
    const salon = await world.salon();
    await reserve(salon, 0);
    world.clock.advance({ minutes: 15 });
    const reasons = await Promise.all(Array.from({ length: 64 }, () => reasonFor(reserve(salon, 0))));
    expect(reasons.filter((reason) => reason === undefined)).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set([undefined, "SLOT_TAKEN"]));
    expect(await overlaps()).toBe(0);
  });

  test("given two staff members and two chairs, when 64 callers want any, then two win", async () => {
    const salon = await world.salon();
    const items = [anyStaff(salon.cut)];
    const won = await Promise.all(
      Array.from({ length: 64 }, () => reserve(salon, 0, { items }).catch(() => undefined)),
    );
    const staff = won.flatMap((reservation) => reservation?.assignments.map((a) => a.staffMember) ?? []);
    expect(staff.sort()).toEqual([salon.amal, salon.basma].sort());
  });

  test("given sequences over both staff members, when many overlap, then each is whole or not at all", async () => {
    const salon = await world.salon();
    const items = [withStaff(salon.cut, salon.amal), withStaff(salon.colour, salon.basma)];
    const won = await Promise.all(
      Array.from({ length: 48 }, (_, i) => reserve(salon, (i % 6) * 15, { items }).catch(() => undefined)),
    );
    const winners = won.filter((one) => one !== undefined);
    expect(winners.length).toBeGreaterThan(0);
    for (const winner of winners) {
      expect(winner.assignments.map((a) => a.staffMember)).toEqual([salon.amal, salon.basma]);
      const [row] = await world.store.read((tx) =>
        tx.query<{ count: number }>("select count(*)::int as count from occupancy where reservation_id = $1", [
          winner.name.split("/").at(-1),
        ]),
      );
      // Amal, a chair, and Basma.
      expect(row?.count).toBe(3);
    }
    expect(await overlaps()).toBe(0);
  });

  test("given a class of six, when 64 come at once, then six get seats of one session, and the seventh none", async () => {
    const salon = await world.salon();
    const items = [anyStaff(salon.yoga)];
    const first = await Promise.all(
      Array.from({ length: 64 }, () => reserve(salon, 0, { items }).catch(() => undefined)),
    );
    const winners = first.filter((one) => one !== undefined);
    expect(winners).toHaveLength(6);
    expect(await reasonFor(reserve(salon, 0, { items }))).toBe("SLOT_TAKEN");
    const sessions = await world.store.read((tx) =>
      tx.query("select 1 from group_session where provider_id = $1", [salon.provider.split("/")[1]]),
    );
    expect(sessions).toHaveLength(1);
    for (const winner of winners) await world.reservations.releaseReservation(named(winner));
    expect(await reasonFor(reserve(salon, 0, { items, partySize: winners.length }))).toBeUndefined();
  });

  test("given a class that is gone when it is joined, when another is to be opened beside it, then none is left open", async () => {
    const provider = randomUUID();
    const opened = {
      session_id: randomUUID(),
      service_id: randomUUID(),
      staff_id: randomUUID(),
      start_time: "2026-03-02T09:00:00Z",
      end_time: "2026-03-02T10:00:00Z",
      seats: 6,
      unit_ids: [],
    };
    const outcome = await world.store.transaction(async (tx) => {
      const answer = await tx.query("select open_sessions($1::uuid, $2::jsonb, $3::uuid[]) as open", [
        provider,
        JSON.stringify([opened]),
        [randomUUID()],
      ]);
      return [answer, await tx.query("select 1 from group_session where provider_id = $1", [provider])];
    });
    expect(outcome).toEqual([[{ open: false }], []]);
  });
});

describe("the life of a reservation", () => {
  test("given a hold, when its time is over, then the very next Reserve wins, without any sweeper", async () => {
    const salon = await world.salon();
    const hold = await reserve(salon, 0);
    expect(await reasonFor(reserve(salon, 0))).toBe("SLOT_TAKEN");
    world.clock.advance({ minutes: 15 });
    expect(await offered(salon, salon.colour, 0)).toBe(true);
    expect(await reasonFor(world.reservations.confirmReservation(named(hold)))).toBe("RESERVATION_LAPSED");
    const next = await reserve(salon, 0);
    expect(next.state).toBe(Reservation_State.HELD);
    expect(await reasonFor(world.reservations.confirmReservation(named(hold)))).toBe("RESERVATION_LAPSED");
    const events = await world.store.read((tx) =>
      tx.query("select 1 from outbox where type = 'dawr.availability.v1.ReservationLapsed' and key = $1", [
        hold.name.split("/").at(-1),
      ]),
    );
    expect(events).toHaveLength(1);
  });

  test("given a firm reservation, when time passes, then it stays; when released, the slot is free again", async () => {
    const salon = await world.salon();
    const hold = await reserve(salon, 60);
    const firm = await world.reservations.confirmReservation(named(hold));
    expect([firm.state, firm.expireTime]).toEqual([Reservation_State.FIRM, undefined]);
    world.clock.advance({ minutes: 20 });
    expect(await offered(salon, salon.colour, 60)).toBe(false);
    const released = await world.reservations.releaseReservation(named(firm));
    expect(released.state).toBe(Reservation_State.RELEASED);
    expect(await offered(salon, salon.colour, 60)).toBe(true);
    expect((await world.reservations.releaseReservation(named(firm))).state).toBe(Reservation_State.RELEASED);
    expect(await reasonFor(world.reservations.confirmReservation(named(firm)))).toBe("RESERVATION_RELEASED");
  });

  test("given a moved reservation, when the old token is shown, then it is refused, and the old time is free", async () => {
    const salon = await world.salon();
    const hold = await reserve(salon, 0);
    const items = [withStaff(salon.colour, salon.basma)];
    // Fifteen minutes later overlaps only itself.
    const moved = await world.reservations.moveReservation({ ...named(hold), items, startTime: at(15) });
    expect(moved.fencingToken).toBeGreaterThan(hold.fencingToken);
    expect(await reasonFor(world.reservations.confirmReservation(named(hold)))).toBe("FENCING_TOKEN_STALE");
    expect(await reasonFor(world.reservations.releaseReservation(named(hold)))).toBe("FENCING_TOKEN_STALE");
    const other = await reserve(salon, 90);
    expect(await reasonFor(world.reservations.moveReservation({ ...named(other), items, startTime: at(15) }))).toBe(
      "SLOT_TAKEN",
    );
    expect(await offered(salon, salon.colour, 90)).toBe(false);
    expect((await world.reservations.confirmReservation(named(other))).state).toBe(Reservation_State.FIRM);
  });

  test("given the same request id, when sent again, then the first answer comes back; with other contents it is refused", async () => {
    const salon = await world.salon();
    const request = {
      booking: bookingOf(salon),
      items: [withStaff(salon.colour, salon.basma)],
      startTime: at(0),
      holdDuration,
      requestId: randomUUID(),
    };
    const first = await world.reservations.reserve(request);
    expect(await world.reservations.reserve(request)).toEqual(first);
    expect(await reasonFor(world.reservations.reserve({ ...request, startTime: at(60) }))).toBe("REQUEST_ID_REUSED");
    expect(
      await reasonFor(world.reservations.reserve({ ...request, requestId: randomUUID(), startTime: at(60) })),
    ).toBe("BOOKING_ALREADY_RESERVED");
  });
});

describe("what Reserve checks", () => {
  test.each([
    ["off the grid", 7, "S6"],
    ["when closed", 60 * 9, "S6"],
    ["too soon", -60 * 24, "S3,S6,S7"],
  ])("given a start %s, when reserved, then it is refused with the clauses", async (_, minutes, clauses) => {
    const salon = await world.salon();
    const error = await reserve(salon, minutes).catch((e: unknown) => e);
    expect(reasonOf(error)).toMatchObject({ reason: "SLOT_NOT_OFFERED" });
    expect(reasonOf(error)?.metadata.clauses).toContain(clauses.split(",").at(-1));
  });

  test("given a paid booking that came too late, when its slot is taken again, then grid and notice are not asked", async () => {
    const salon = await world.salon();
    const startTime = at(7);
    expect(await reasonFor(reserve(salon, 0, { startTime, ignoreNotice: true }))).toBeUndefined();
    expect(await reasonFor(reserve(salon, 0, { startTime, ignoreNotice: true }))).toBe("SLOT_TAKEN");
  });

  test("given the staff member who was shown, when she is still free, then it is she; else it is another", async () => {
    const salon = await world.salon();
    const items = [anyStaff(salon.cut)];
    const preferredAssignments = [{ staffMember: salon.basma }];
    const first = await reserve(salon, 0, { items, preferredAssignments });
    const second = await reserve(salon, 0, { items, preferredAssignments });
    expect([first, second].map((r) => r.assignments[0]?.staffMember)).toEqual([salon.basma, salon.amal]);
  });

  test("given a limit of three a day, when eight come at once, then three are taken", async () => {
    const salon = await world.salon();
    const name = `${salon.provider}/bookingRules`;
    const limits = [{ subject: `${salon.provider}/services/${salon.colour.split("/").at(-1)}`, perDay: 3 }];
    await world.schedules.updateBookingRules(
      { bookingRules: { name, limits }, requestId: randomUUID() },
      world.asOwner,
    );
    const reasons = await Promise.all(Array.from({ length: 7 }, (_, i) => reasonFor(reserve(salon, i * 60 - 60))));
    expect(reasons.filter((reason) => reason === undefined)).toHaveLength(3);
    expect(new Set(reasons)).toEqual(new Set([undefined, "SLOT_NOT_OFFERED"]));
    expect(await offered(salon, salon.colour, 120)).toBe(false);
  });

  test("given another provider's service, when reserved, then it is refused", async () => {
    const [salon, other] = [await world.salon(), await world.salon()];
    expect(await reasonFor(reserve(salon, 0, { items: [anyStaff(other.colour)] }))).toBe("OTHER_PROVIDER");
  });

  test("given a caller from outside, when they reserve, then there is nothing to be found", async () => {
    const salon = await world.salon();
    const request = {
      booking: bookingOf(salon),
      items: [anyStaff(salon.cut)],
      startTime: at(),
      requestId: randomUUID(),
    };
    expect(await reasonFor(world.members.reserve(request, world.asOwner))).toBe("NOT_FOUND");
  });
});

test("given a slot that was lost, when alternatives are asked for, then they are the nearest three of any staff", async () => {
  const salon = await world.salon();
  await reserve(salon, 60);
  const ask = { provider: salon.provider, items: [withStaff(salon.colour, salon.basma)], startTime: at(60) };
  const { slots } = await world.reservations.findAlternatives(ask);
  expect(slots.map((slot) => slot.startTime?.seconds)).toEqual([at(0).seconds, at(120).seconds, at(-15).seconds]);
});

test("given reservations, when a member lists them, then they come page by page without tokens; strangers find nothing", async () => {
  const salon = await world.salon();
  for (const minutes of [0, 60, 120]) await reserve(salon, minutes);
  const ask = { parent: salon.provider, range: { startTime: at(-60), endTime: at(600) }, pageSize: 2 };
  const first = await world.members.listReservations(ask, world.asOwner);
  const second = await world.members.listReservations({ ...ask, pageToken: first.nextPageToken }, world.asOwner);
  const all = [...first.reservations, ...second.reservations];
  expect(all.map((r) => [r.startTime?.seconds, r.fencingToken])).toEqual([0, 60, 120].map((m) => [at(m).seconds, 0n]));
  expect(second.nextPageToken).toBe("");
  expect(await reasonFor(world.members.listReservations(ask, world.asStranger))).toBe("NOT_FOUND");
});
