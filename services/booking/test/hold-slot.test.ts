import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { Booking_State, SlotConflictSchema } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { cut, mona, provider, rana } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

let world: World;
let ana: As & { readonly account: string };
let hour = 24;

beforeAll(async () => {
  world = await openWorld({ BOOKING_HOLDS_PER_ADDRESS: "40" });
});
beforeEach(async () => {
  world.around.faults.clear();
  world.around.calls.length = 0;
  world.clock.advance({ hours: 1 });
  hour = 24;
  ana = await world.person();
});
afterAll(() => world.close());

const wish = (at: number, id = requestId(), staffMember = mona) => ({
  provider,
  items: [{ service: cut, staffChoice: { case: "staffMember" as const, value: staffMember } }],
  startTime: timestampFromMs(world.clock.now().add({ hours: at }).epochMilliseconds),
  requestId: id,
});
const hold = (who: As, request = wish(hour++)) => world.bookings().holdSlot(request, who);
const calls = (method: string) => world.around.calls.filter((call) => call.method === method);
const rows = async (account: string) =>
  await world
    .running()
    .service("booking")
    .store.read((tx) => tx.query("select id from booking where customer_id = $1", [account.slice("accounts/".length)]));

describe("HoldSlot", () => {
  test("given a free slot, then a booking in HELD for 15 minutes, and the server's time", async () => {
    const { booking, serverTime } = await hold(ana);
    expect(booking).toMatchObject({ account: ana.account, state: Booking_State.HELD, timeZone: "Asia/Dubai" });
    expect(booking?.price).toBeUndefined();
    expect(Number(booking?.holdExpireTime?.seconds) - Number(serverTime?.seconds)).toBe(900);
    await world.settles(() => expect(world.eventsOf(booking?.name ?? "")).toEqual(["BookingHeld"]));
  });

  test("given the answer of Reserve was lost, when the request is repeated, then it finds its own reservation", async () => {
    let isFirst = true;
    world.around.faults.set("reserve", () => {
      const fault = isFirst ? ({ kind: "lost answer" } as const) : undefined;
      isFirst = false;
      return fault;
    });
    const request = wish(30);
    expect((await refusalOf(hold(ana, request))).reason).toBe("UNAVAILABLE");
    // Later than an attempt counts, but sooner than the hold ends.
    world.clock.advance({ minutes: 5 });
    const { booking } = await hold(ana, request);
    const [first, second] = calls("reserve");
    expect(second?.requestId).toBe(first?.requestId);
    expect(second?.request).toMatchObject({ booking: booking?.name });
    expect(first?.request).toMatchObject({ booking: booking?.name });
    expect(await rows(ana.account)).toHaveLength(1);
    expect((await hold(ana, request)).booking?.name).toBe(booking?.name);
    expect(calls("reserve")).toHaveLength(2);
  });

  test("given 64 equal requests at once, then one booking and one answer", async () => {
    const request = wish(31);
    const answers = await Promise.all(Array.from({ length: 64 }, () => hold(ana, request)));
    expect(new Set(answers.map(({ booking }) => booking?.name)).size).toBe(1);
    expect(await rows(ana.account)).toHaveLength(1);
    expect(new Set(calls("reserve").map(({ requestId: id }) => id)).size).toBe(1);
  });

  test("given two people with the same request id, then both are served", async () => {
    const same = requestId();
    const ben = await world.person();
    const one = await hold(ana, wish(32, same));
    const two = await hold(ben, wish(33, same));
    expect(two.booking?.name).not.toBe(one.booking?.name);
  });

  test("given a request id with other contents, then REQUEST_ID_REUSED", async () => {
    const same = requestId();
    await hold(ana, wish(34, same));
    expect((await refusalOf(hold(ana, wish(35, same)))).reason).toBe("REQUEST_ID_REUSED");
  });

  test("given three live holds, then the fourth is refused, until one has ended or was released", async () => {
    const held = [await hold(ana), await hold(ana), await hold(ana)];
    expect(await refusalOf(hold(ana))).toMatchObject({ reason: "HOLD_LIMIT_REACHED", metadata: { limit: "3" } });
    await world.bookings().releaseHold({ name: held[0]?.booking?.name ?? "", requestId: requestId() }, ana);
    await hold(ana);
    expect((await refusalOf(hold(ana))).reason).toBe("HOLD_LIMIT_REACHED");
    world.clock.advance({ minutes: 14, seconds: 59 });
    expect((await refusalOf(hold(ana))).reason).toBe("HOLD_LIMIT_REACHED");
    world.clock.advance({ seconds: 1 });
    await hold(ana);
  });

  test("given 64 different requests at once, then exactly three are held", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, (_, index) => hold(ana, wish(100 + index))));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        expect((await refusalOf(Promise.reject(outcome.reason))).reason).toBe("HOLD_LIMIT_REACHED");
    }
    expect(await rows(ana.account)).toHaveLength(3);
  });

  test("given many people of one address at once, then as many as an address may", async () => {
    const people = await Promise.all(Array.from({ length: 64 }, () => world.person()));
    const outcomes = await Promise.allSettled(people.map((who, index) => hold(who, wish(200 + index))));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(40);
    expect((await refusalOf(hold(await world.person()))).metadata).toEqual({ limit: "40" });
  });

  test("given refused requests, then they do not count", async () => {
    world.around.faults.set("reserve", () => ({ kind: "refuses", reason: "SERVICE_NOT_BOOKABLE" }));
    for (let index = 0; index < 5; index++) expect((await refusalOf(hold(ana))).reason).toBe("SERVICE_NOT_BOOKABLE");
  });

  test("given unanswered requests, then they count for a minute", async () => {
    world.around.faults.set("reserve", () => ({ kind: "away" }));
    for (let index = 0; index < 3; index++) expect((await refusalOf(hold(ana))).reason).toBe("UNAVAILABLE");
    expect((await refusalOf(hold(ana))).reason).toBe("HOLD_LIMIT_REACHED");
    world.around.faults.clear();
    world.clock.advance({ seconds: 61 });
    await hold(ana);
  });

  test("given a slot that somebody took, then SLOT_TAKEN with three alternatives; also when none can be found", async () => {
    const ben = await world.person();
    await hold(ana, wish(40));
    const { reason, error } = await refusalOf(hold(ben, wish(40)));
    expect(reason).toBe("SLOT_TAKEN");
    const conflict = ConnectError.from(error).findDetails(SlotConflictSchema)[0];
    expect(conflict?.alternatives).toHaveLength(3);
    expect(conflict?.startTime).toEqual(wish(40).startTime);
    world.around.faults.set("findAlternatives", () => ({ kind: "away" }));
    const bare = await refusalOf(hold(ben, wish(40)));
    expect(bare.reason).toBe("SLOT_TAKEN");
    expect(ConnectError.from(bare.error).findDetails(SlotConflictSchema)[0]?.alternatives).toEqual([]);
  });

  test("given 64 people who want one slot, then one has it and all others hear SLOT_TAKEN", async () => {
    world.clock.advance({ hours: 1 });
    const people = await Promise.all(Array.from({ length: 30 }, () => world.person()));
    const outcomes = await Promise.allSettled(people.map((who) => hold(who, wish(50))));
    const lost = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(lost).toHaveLength(29);
    for (const { reason } of lost) expect((await refusalOf(Promise.reject(reason))).reason).toBe("SLOT_TAKEN");
  });

  test.each(["SLOT_NOT_OFFERED", "PROVIDER_NOT_BOOKABLE", "STAFF_NOT_ABLE", "ADD_ON_UNKNOWN"])(
    "given availability refuses with %s, then so does booking",
    async (reason) => {
      world.around.faults.set("reserve", () => ({ kind: "refuses", reason }));
      const refusal = await refusalOf(hold(ana));
      expect(refusal).toMatchObject({ reason, domain: "booking.dawr" });
    },
  );

  test("given the catalogue is away, then the slot is held all the same", async () => {
    world.around.faults.set("getProvider", () => ({ kind: "away" }));
    expect((await hold(ana)).booking).toMatchObject({ state: Booking_State.HELD, timeZone: "Asia/Dubai" });
  });

  test("given another provider's service or staff, then OTHER_PROVIDER; without a token, TOKEN_MISSING", async () => {
    const other = "providers/0195b3c0-7d1e-7c7a-8000-0000000000f1";
    const foreign = rana.replace(provider, other);
    expect(await refusalOf(hold(ana, { ...wish(60), provider: other }))).toMatchObject({
      reason: "OTHER_PROVIDER",
      metadata: { name: cut },
    });
    expect(await refusalOf(hold(ana, wish(60, requestId(), foreign)))).toMatchObject({
      reason: "OTHER_PROVIDER",
      metadata: { name: foreign },
    });
    expect((await refusalOf(world.bookings().holdSlot(wish(60)))).reason).toBe("TOKEN_MISSING");
  });
});

describe("a hold that ends", () => {
  test("given nobody goes on, then it is HELD until 15 minutes are over, and EXPIRED with its time free then", async () => {
    const { booking } = await hold(ana, wish(70));
    const name = booking?.name ?? "";
    world.clock.advance({ minutes: 14, seconds: 59, milliseconds: 999 });
    expect((await world.bookings().getBooking({ name }, ana)).state).toBe(Booking_State.HELD);
    world.clock.advance({ milliseconds: 1 });
    await world.settles(async () => {
      expect(await world.bookings().getBooking({ name }, ana)).toMatchObject({
        state: Booking_State.EXPIRED,
        expireReason: 1,
      });
      expect(await world.stepsLeft()).toEqual([]);
    });
    await world.settles(() => expect(world.eventsOf(name)).toEqual(["BookingHeld", "BookingExpired"]));
    const reservation = [...world.around.reservations.values()].find((one) => one.booking === name);
    expect(calls("releaseReservation").map(({ request }) => request)).toContainEqual(
      expect.objectContaining({ name: reservation?.name, fencingToken: reservation?.fencingToken }),
    );
    expect((await refusalOf(world.bookings().releaseHold({ name, requestId: requestId() }, ana))).reason).toBe(
      "BOOKING_STATE_WRONG",
    );
  });

  test("given 500 holds that end at once, then all of them expire", async () => {
    const store = world.running().service("booking").store;
    await store.transaction((tx) =>
      tx.query(
        `insert into booking (provider_id, id, customer_id, version, state, payment_state, start_time, end_time, time_zone,
           party_size, items, reservation_name, fencing_token, hold_expire_time, create_time, update_time)
         select $1, gen_random_uuid(), gen_random_uuid(), 1, 'HELD', 'NONE', clock_now(), clock_now() + interval '1 hour', 'UTC', 1,
           '[]', 'providers/x/reservations/' || n, 1, clock_now() + interval '1 minute', clock_now(), clock_now()
         from generate_series(1, 500) n`,
        ["0195b3c0-7d1e-7c7a-8000-0000000000a9"],
      ),
    );
    await store.transaction((tx) => tx.notify("booking_deadline"));
    world.clock.advance({ minutes: 1 });
    await world.settles(async () => {
      const [row] = await store.read((tx) =>
        tx.query<{ left: bigint }>(
          "select count(*) as left from booking where provider_id = $1 and (state <> 'EXPIRED' or version <> 2)",
          ["0195b3c0-7d1e-7c7a-8000-0000000000a9"],
        ),
      );
      expect(row?.left).toBe(0n);
    });
    await store.transaction((tx) => tx.query("delete from saga_step"));
  });

  test("given ReleaseHold, then RELEASED, its time free, the same answer again, and NOT_FOUND for a stranger", async () => {
    const { booking } = await hold(ana, wish(80));
    const name = booking?.name ?? "";
    const stranger = await world.person();
    expect((await refusalOf(world.bookings().releaseHold({ name, requestId: requestId() }, stranger))).reason).toBe(
      "NOT_FOUND",
    );
    const id = requestId();
    const first = await world.bookings().releaseHold({ name, requestId: id }, ana);
    expect(first.state).toBe(Booking_State.RELEASED);
    expect(await world.bookings().releaseHold({ name, requestId: id }, ana)).toEqual(first);
    await world.settles(() => expect(calls("releaseReservation")).toHaveLength(1));
    await world.settles(() => expect(world.eventsOf(name)).toEqual(["BookingHeld", "BookingReleased"]));
    await hold(await world.person(), wish(80));
  });
});
