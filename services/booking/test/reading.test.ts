import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Booking_State, type WatchBookingsResponse } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { provider } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

type Person = As & { readonly account: string };

let world: World;
let ana: Person;
let member: Person;

beforeAll(async () => {
  world = await openWorld({ BOOKING_HOLDS_PER_ACCOUNT: "100" });
  member = await world.person();
  world.around.memberships.set(member.account, [{ provider, permissions: ["bookings.read"] }]);
});
beforeEach(async () => {
  world.clock.advance({ hours: 2 });
  ana = await world.person();
});
afterAll(() => world.close());

describe("ListBookings", () => {
  test("given seven bookings, then pages of three, the latest made first, each once, for customer and provider", async () => {
    const names: string[] = [];
    for (let hour = 0; hour < 7; hour++) {
      names.unshift((await world.hold(ana, 30 + hour)).name);
      // Ids of one millisecond have no order.
      world.clock.advance({ milliseconds: 2 });
    }
    for (const [who, parent] of [
      [ana, "accounts/me"],
      [ana, ana.account],
      [member, provider],
    ] as const) {
      const seen: string[] = [];
      let pageToken = "";
      do {
        const page = await world.bookings().listBookings({ parent, pageSize: 3, pageToken }, who);
        expect(page.bookings.length).toBeLessThanOrEqual(3);
        seen.push(...page.bookings.map(({ name }) => name));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(new Set(seen)).toEqual(new Set(names));
      expect(seen).toHaveLength(7);
    }
    const from = world.clock.now().add({ hours: 32 });
    const some = await world.bookings().listBookings(
      {
        parent: ana.account,
        states: [Booking_State.HELD],
        startRange: {
          startTime: timestampFromMs(from.epochMilliseconds),
          endTime: timestampFromMs(from.add({ hours: 2 }).epochMilliseconds),
        },
      },
      ana,
    );
    expect(some.bookings).toHaveLength(2);
    expect(
      (await world.bookings().listBookings({ parent: ana.account, states: [Booking_State.COMPLETED] }, ana)).bookings,
    ).toEqual([]);
  });

  test("given a token of another query or none of ours, then PAGE_TOKEN_INVALID; strangers find nothing", async () => {
    await world.hold(ana, 50);
    await world.hold(ana, 51);
    const { nextPageToken } = await world.bookings().listBookings({ parent: ana.account, pageSize: 1 }, ana);
    expect(nextPageToken).not.toBe("");
    for (const [request, who] of [
      [{ parent: provider, pageSize: 1, pageToken: nextPageToken }, member],
      [{ parent: ana.account, pageToken: nextPageToken, states: [Booking_State.HELD] }, ana],
      [{ parent: ana.account, pageToken: "nonsense" }, ana],
    ] as const)
      expect(
        (
          await refusalOf(
            world
              .bookings()
              .listBookings({ ...request, states: [...("states" in request ? request.states : [])] }, who),
          )
        ).reason,
      ).toBe("PAGE_TOKEN_INVALID");
    const stranger = await world.person();
    for (const parent of [ana.account, provider])
      expect((await refusalOf(world.bookings().listBookings({ parent }, stranger))).reason).toBe("NOT_FOUND");
  });
});

describe("ListBookingEvents", () => {
  test("given a booking's life, then who, when and why, page by page", async () => {
    const booking = await world.confirmed(ana, 60);
    const parent = booking.name;
    await world.bookings().cancelBooking(
      {
        name: parent,
        acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" },
        reason: "ill",
        requestId: requestId(),
      },
      ana,
    );
    const first = await world.bookings().listBookingEvents({ parent, pageSize: 3 }, ana);
    const second = await world
      .bookings()
      .listBookingEvents({ parent, pageSize: 3, pageToken: first.nextPageToken }, member);
    expect(second.nextPageToken).toBe("");
    const all = [...first.bookingEvents, ...second.bookingEvents];
    expect(
      all.map(({ fromState, toState, actor, reason }) => [
        Booking_State[fromState],
        Booking_State[toState],
        actor,
        reason,
      ]),
    ).toEqual([
      ["UNSPECIFIED", "HELD", ana.account, ""],
      ["HELD", "PENDING_PAYMENT", ana.account, ""],
      ["PENDING_PAYMENT", "PENDING_PAYMENT", "services/payment", "paid"],
      ["PENDING_PAYMENT", "CONFIRMED", "services/booking", "paid"],
      ["CONFIRMED", "CANCELLED", ana.account, "ill"],
    ]);
    expect(all.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5].map((version) => `${parent}/events/${version}`));
    const other = await world.hold(ana, 61);
    expect(
      (await refusalOf(world.bookings().listBookingEvents({ parent: other.name, pageToken: first.nextPageToken }, ana)))
        .reason,
    ).toBe("PAGE_TOKEN_INVALID");
  });
});

describe("WatchBookings", () => {
  async function* watch(parent: string, who: As, resumeToken = "") {
    const abort = new AbortController();
    try {
      for await (const message of world
        .bookings()
        .watchBookings({ parent, resumeToken }, { ...who, signal: abort.signal }))
        if (message.kind !== WatchKind.HEARTBEAT) yield message;
    } finally {
      abort.abort();
    }
  }
  const next = async (stream: AsyncGenerator<WatchBookingsResponse>): Promise<WatchBookingsResponse> => {
    const { value } = await stream.next();
    if (value === undefined) throw new Error("the stream ended");
    return value;
  };

  test("given a customer and a provider watch, then a snapshot, each change, and nothing missed by who comes back", async () => {
    const first = await world.hold(ana, 70);
    const mine = watch(ana.account, ana);
    const theirs = watch(provider, member);
    const snapshot = await next(mine);
    expect(snapshot).toMatchObject({ kind: WatchKind.SNAPSHOT, bookings: [{ name: first.name }] });
    expect((await next(theirs)).bookings.map(({ name }) => name)).toContain(first.name);
    await world.bookings().releaseHold({ name: first.name, requestId: requestId() }, ana);
    const released = { name: first.name, state: Booking_State.RELEASED };
    expect(await next(mine)).toMatchObject({ kind: WatchKind.CHANGES, bookings: [released] });
    // The provider hears of everybody's bookings, also of holds that end meanwhile.
    let heard: WatchBookingsResponse;
    do heard = await next(theirs);
    while (!heard.bookings.some(({ name }) => name === first.name));
    expect(heard.bookings).toContainEqual(expect.objectContaining(released));
    await mine.return(undefined);
    await theirs.return(undefined);
    const missed = await Promise.all(Array.from({ length: 30 }, (_, index) => world.hold(ana, 80 + index)));
    const again = watch(ana.account, ana, snapshot.resumeToken);
    const seen = await next(again);
    expect(seen.kind).toBe(WatchKind.CHANGES);
    expect(seen.bookings.map(({ name }) => name).sort()).toEqual(
      [first.name, ...missed.map(({ name }) => name)].sort(),
    );
    await again.return(undefined);
  });

  test("given more than a thousand changes were missed, then all of them come", async () => {
    const someone = ana.account.slice("accounts/".length);
    const before = watch(ana.account, ana);
    const { resumeToken } = await next(before);
    await before.return(undefined);
    await world
      .running()
      .service("booking")
      .store.transaction((tx) =>
        tx.query(
          `insert into booking (provider_id, id, customer_id, version, state, payment_state, start_time, end_time, time_zone,
           party_size, items, reservation_name, fencing_token, hold_expire_time, create_time, update_time)
         select gen_random_uuid(), gen_random_uuid(), $1, 1, 'CONFIRMED', 'NONE', clock_now(), clock_now() + interval '1 hour', 'UTC', 1,
           '[]', 'providers/x/reservations/' || n, 1, clock_now(), clock_now(), clock_now()
         from generate_series(1, 1200) n`,
          [someone],
        ),
      );
    const again = watch(ana.account, ana, resumeToken);
    expect((await next(again)).bookings).toHaveLength(1_200);
    await again.return(undefined);
  });

  test("given a token of another parent, then RESUME_TOKEN_INVALID; a stranger, NOT_FOUND", async () => {
    const mine = watch(ana.account, ana);
    const { resumeToken } = await next(mine);
    await mine.return(undefined);
    expect((await refusalOf(next(watch(provider, member, resumeToken)))).reason).toBe("RESUME_TOKEN_INVALID");
    expect((await refusalOf(next(watch(provider, ana)))).reason).toBe("NOT_FOUND");
    expect((await refusalOf(next(watch(ana.account, member)))).reason).toBe("NOT_FOUND");
  });
});
