import { fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { type Booking, Booking_State, SlotConflictSchema } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { BookingRescheduledSchema } from "@dawr/gen/dawr/booking/v1/events_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Person } from "./making.ts";
import { cut, mona, provider, rana } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

let world: World;
let ana: Person;
let member: Person;
let reader: Person;
let operator: Person;

beforeAll(async () => {
  world = await openWorld();
  member = await world.person();
  reader = await world.person();
  operator = await world.person(["support"]);
  world.around.memberships.set(member.account, [{ provider, permissions: ["bookings.read", "bookings.write"] }]);
  world.around.memberships.set(reader.account, [{ provider, permissions: ["bookings.read"] }]);
});
beforeEach(async () => {
  world.around.faults.clear();
  world.around.calls.length = 0;
  world.clock.advance({ hours: 3 });
  ana = await world.person();
});
afterAll(() => world.close());

const msOf = ({ startTime }: Pick<Booking, "startTime">) => (startTime === undefined ? 0 : timestampMs(startTime));
const laterThan = (booking: Booking, hours: number) => timestampFromMs(msOf(booking) + hours * 3_600_000);
const move = (who: As, booking: Booking, hours: number, more: object = {}) =>
  world
    .bookings()
    .rescheduleBooking(
      { name: booking.name, startTime: laterThan(booking, hours), requestId: requestId(), ...more },
      who,
    );
const reassign = (who: As, { name }: Booking, staffMember: string, more: object = {}) =>
  world.bookings().reassignBooking({ name, staffChoices: [{ staffMember }], requestId: requestId(), ...more }, who);
const get = (name: string) => world.bookings().getBooking({ name }, ana);
const calls = (method: string) => world.around.calls.filter((call) => call.method === method);
const historyOf = async (name: string) =>
  (await world.bookings().listBookingEvents({ parent: name }, ana)).bookingEvents.map(
    ({ fromState, toState, actor, reason }) => [fromState, toState, actor, reason],
  );
const until = (ms: number) => world.clock.advance({ milliseconds: ms - world.clock.now().epochMilliseconds });
const hourMs = 3_600_000;

describe("RescheduleBooking", () => {
  test("given a confirmed booking, then it is at the new time with the same staff, price and terms, and answers the same again", async () => {
    const booking = await world.confirmed(ana, 72);
    const id = requestId();
    const moved = await move(ana, booking, 24, { requestId: id });
    expect(moved).toMatchObject({
      state: Booking_State.CONFIRMED,
      startTime: laterThan(booking, 24),
      endTime: laterThan(booking, 25),
      price: booking.price,
      policy: booking.policy,
      rescheduleCount: 1,
      items: [{ service: cut, staffMember: mona, price: booking.items[0]?.price, startTime: laterThan(booking, 24) }],
    });
    expect(await get(booking.name)).toMatchObject({ startTime: moved.startTime, rescheduleCount: 1 });
    expect(await move(ana, booking, 24, { requestId: id })).toEqual(moved);
    expect((await refusalOf(move(ana, booking, 25, { requestId: id }))).reason).toBe("REQUEST_ID_REUSED");
    expect(calls("moveReservation")).toHaveLength(1);
    expect((await historyOf(booking.name)).at(-1)).toEqual([
      Booking_State.CONFIRMED,
      Booking_State.CONFIRMED,
      ana.account,
      `moved from ${Temporal.Instant.fromEpochMilliseconds(msOf(booking))}`,
    ]);
    const told = await world.settles(() => {
      const event = world.published.findLast(({ subject }) => subject === booking.name);
      if (event?.type !== BookingRescheduledSchema.typeName) throw new Error("nobody was told");
      return fromBinary(BookingRescheduledSchema, event.data);
    });
    expect(told).toMatchObject({
      actor: ana.account,
      booking: { startTime: moved.startTime },
      previousItems: [{ service: cut, staffMember: mona, startTime: booking.startTime }],
    });
  });

  test("given other staff, one choice for each item, then they serve it; otherwise a mismatch; of another provider, refused", async () => {
    const booking = await world.confirmed(ana, 72);
    const wrong = { staffChoices: [{ staffMember: rana }, { staffMember: mona }] };
    expect(await refusalOf(move(ana, booking, 1, wrong))).toMatchObject({
      reason: "STAFF_CHOICES_MISMATCH",
      metadata: { items: "1" },
    });
    const foreign = rana.replace(provider, "providers/0195b3c0-7d1e-7c7a-8000-0000000000f1");
    expect((await refusalOf(move(ana, booking, 1, { staffChoices: [{ staffMember: foreign }] }))).reason).toBe(
      "OTHER_PROVIDER",
    );
    const moved = await move(ana, booking, 0, { staffChoices: [{ staffMember: rana }] });
    expect(moved.items[0]).toMatchObject({ staffMember: rana, price: booking.items[0]?.price });
  });

  test("given the time is taken, then SLOT_TAKEN with what else is free, and the old time is kept", async () => {
    const booking = await world.confirmed(ana, 72);
    const other = await world.confirmed(await world.person(), 96);
    const refusal = await refusalOf(move(ana, booking, 24));
    expect(refusal).toMatchObject({ reason: "SLOT_TAKEN", domain: "booking.dawr" });
    const [conflict] = ConnectError.from(refusal.error).findDetails(SlotConflictSchema);
    expect(conflict?.startTime).toMatchObject({ seconds: other.startTime?.seconds });
    expect(conflict?.alternatives).toHaveLength(3);
    expect(calls("findAlternatives")[0]?.request).toMatchObject({ ignoreBooking: booking.name });
    expect(await get(booking.name)).toEqual(booking);
    // What was refused keeps nobody from trying another time.
    expect((await move(ana, booking, 25)).rescheduleCount).toBe(1);
    world.around.faults.set("moveReservation", () => ({ kind: "refuses", reason: "SLOT_NOT_OFFERED" }));
    expect((await refusalOf(move(ana, booking, 48))).reason).toBe("SLOT_NOT_OFFERED");
  });

  test("given the last minute of 24 h before, then it moves; a second later it is too late, for members it is not", async () => {
    const [first, second] = [await world.confirmed(ana, 72), await world.confirmed(ana, 73)];
    until(msOf(first) - 24 * hourMs);
    await move(ana, first, 48);
    until(msOf(second) - 24 * hourMs + 1000);
    expect(await refusalOf(move(ana, second, 48))).toMatchObject({
      reason: "RESCHEDULE_TOO_LATE",
      metadata: { until_time: Temporal.Instant.fromEpochMilliseconds(msOf(second) - 24 * hourMs).toString() },
    });
    expect((await move(member, second, 48)).rescheduleCount).toBe(0);
  });

  test("given the customer moved it three times, then no more, and members and operators without end", async () => {
    const booking = await world.confirmed(ana, 200);
    for (let count = 1; count <= 3; count++) expect((await move(ana, booking, count)).rescheduleCount).toBe(count);
    expect(await refusalOf(move(ana, booking, 4))).toMatchObject({
      reason: "RESCHEDULE_LIMIT_REACHED",
      metadata: { limit: "3" },
    });
    for (const who of [member, operator])
      expect((await move(who, booking, who === member ? 5 : 6)).rescheduleCount).toBe(3);
  });

  test("given a reason to leave hours out, then members' moves ask for it and it is kept; customers' are refused", async () => {
    const booking = await world.confirmed(ana, 72);
    expect(await refusalOf(move(ana, booking, 1, { overrideReason: "please" }))).toMatchObject({
      reason: "FIELD_NOT_YOURS",
      metadata: { field: "override_reason" },
    });
    await move(member, booking, 1, { overrideReason: "she has to catch a train" });
    expect(calls("moveReservation").map(({ request }) => request)).toMatchObject([{ ignoreHours: true }]);
    expect((await historyOf(booking.name)).at(-1)?.slice(2)).toEqual([member.account, "she has to catch a train"]);
    await move(member, booking, 2);
    expect(calls("moveReservation").at(-1)?.request).toMatchObject({ ignoreHours: false });
  });

  test("given a stranger, or who may only read, then NOT_FOUND; a version that is not the latest, then ETAG_MISMATCH", async () => {
    const booking = await world.confirmed(ana, 72);
    for (const who of [await world.person(), reader])
      expect((await refusalOf(move(who, booking, 1))).reason).toBe("NOT_FOUND");
    expect((await refusalOf(move(ana, booking, 1, { etag: "1" }))).reason).toBe("ETAG_MISMATCH");
    expect((await move(ana, booking, 1, { etag: booking.etag })).rescheduleCount).toBe(1);
  });

  test("given one that is only held, waits for its money, or is over, then BOOKING_STATE_WRONG", async () => {
    const held = await world.hold(ana, 72);
    const waiting = await world.book(ana, 73);
    for (const [booking, state] of [
      [held, "HELD"],
      [waiting, "PENDING_PAYMENT"],
    ] as const)
      expect(await refusalOf(move(ana, booking, 1))).toMatchObject({
        reason: "BOOKING_STATE_WRONG",
        metadata: { state, required_states: "PENDING_APPROVAL, CONFIRMED" },
      });
    expect(calls("moveReservation")).toEqual([]);
  });
});

describe("ReassignBooking", () => {
  test("given other staff, then they serve it at the same time; it is not counted; the customer may not", async () => {
    const booking = await world.confirmed(ana, 2);
    for (const who of [ana, reader, operator])
      expect((await refusalOf(reassign(who, booking, rana))).reason).toBe("NOT_FOUND");
    const given = await reassign(member, booking, rana);
    expect(given).toMatchObject({
      startTime: booking.startTime,
      rescheduleCount: 0,
      price: booking.price,
      items: [{ staffMember: rana }],
    });
    expect((await historyOf(booking.name)).at(-1)?.slice(2)).toEqual([member.account, "given to other staff"]);
    await world.settles(() => expect(world.eventsOf(booking.name).at(-1)).toBe("BookingRescheduled"));
    expect(calls("moveReservation")[0]?.request).toMatchObject({ startTime: { seconds: booking.startTime?.seconds } });
  });

  test("given the same staff outside of hours, then the reason is kept, and nobody is told", async () => {
    const booking = await world.confirmed(ana, 72);
    await reassign(member, booking, mona, { overrideReason: "she comes in for it" });
    expect((await historyOf(booking.name)).at(-1)?.slice(2)).toEqual([member.account, "she comes in for it"]);
    expect(calls("moveReservation")[0]?.request).toMatchObject({ ignoreHours: true });
    await reassign(member, booking, rana);
    await world.settles(() =>
      expect(world.eventsOf(booking.name).filter((name) => name === "BookingRescheduled")).toHaveLength(1),
    );
  });

  test("given staff who are taken then, then SLOT_TAKEN, and a choice for each item or a mismatch", async () => {
    const booking = await world.confirmed(ana, 72);
    const other = await world.confirmed(await world.person(), 73);
    await reassign(member, other, rana);
    await move(member, other, -1);
    expect((await refusalOf(reassign(member, booking, rana))).reason).toBe("SLOT_TAKEN");
    const two = { staffChoices: [{ staffMember: rana }, {}] };
    expect((await refusalOf(reassign(member, booking, rana, two))).reason).toBe("STAFF_CHOICES_MISMATCH");
  });
});
