import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type MoveReservationRequest, ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { type Booking, Booking_State } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Person } from "./making.ts";
import { type Fault, provider, rana } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

let world: World;
let ana: Person;
let member: Person;

beforeAll(async () => {
  world = await openWorld();
  member = await world.person();
  world.around.memberships.set(member.account, [{ provider, permissions: ["bookings.read", "bookings.write"] }]);
});
beforeEach(async () => {
  world.around.faults.clear();
  world.around.calls.length = 0;
  world.clock.advance({ hours: 3 });
  ana = await world.person();
});
afterAll(() => world.close());

const laterThan = ({ startTime }: Booking, hours: number) =>
  timestampFromMs((startTime === undefined ? 0 : timestampMs(startTime)) + hours * 3_600_000);
const move = (who: As, booking: Booking, hours: number, id = requestId()) =>
  world.bookings().rescheduleBooking({ name: booking.name, startTime: laterThan(booking, hours), requestId: id }, who);
const reassign = (who: As, { name }: Booking, staffMember: string) =>
  world.bookings().reassignBooking({ name, staffChoices: [{ staffMember }], requestId: requestId() }, who);
const cancel = ({ name }: Booking) =>
  world
    .bookings()
    .cancelBooking({ name, acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" }, requestId: requestId() }, ana);
const get = ({ name }: Booking) => world.bookings().getBooking({ name }, ana);
const calls = (method: string) => world.around.calls.filter((call) => call.method === method);
const reservationOf = ({ name }: Booking) => {
  const [one, ...more] = [...world.around.reservations.values()].filter(({ booking }) => booking === name);
  if (one === undefined || more.length > 0) throw new Error(`${name} has not one reservation`);
  return one;
};
const rescheduled = ({ name }: Booking) =>
  world.eventsOf(name).filter((event) => event === "BookingRescheduled").length;
const [firm, released] = [2, 3];

/** Fails the first times, then no more. */
function times(count: number, fault: Fault): () => Fault | undefined {
  let left = count;
  return () => (left-- > 0 ? fault : undefined);
}

/** The booking shows what its reservation has, and nothing is left to do. */
async function settled(booking: Booking): Promise<Booking> {
  // Longer than a move may take.
  world.clock.advance({ seconds: 36 });
  return await world.settles(async () => {
    expect(await world.stepsLeft()).toEqual([]);
    const found = await get(booking);
    const reservation = reservationOf(booking);
    if (reservation.state === firm)
      expect([found.startTime, found.endTime, found.items.map(({ staffMember }) => staffMember)]).toEqual([
        reservation.startTime,
        reservation.endTime,
        reservation.assignments.map(({ staffMember }) => staffMember),
      ]);
    const open = await world
      .running()
      .service("booking")
      .store.read((tx) => tx.query("select from booking_move"));
    expect(open).toEqual([]);
    return found;
  });
}

describe("an answer of availability that is lost", () => {
  test("given the same request again, then it finds its move, and it is counted and told once", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", times(1, { kind: "lost answer" }));
    const id = requestId();
    expect((await refusalOf(move(ana, booking, 24, id))).reason).toBe("UNAVAILABLE");
    expect((await get(booking)).startTime).toEqual(booking.startTime);
    const moved = await move(ana, booking, 24, id);
    expect(moved).toMatchObject({ startTime: laterThan(booking, 24), rescheduleCount: 1 });
    expect(new Set(calls("moveReservation").map(({ requestId: one }) => one)).size).toBe(1);
    expect(await settled(booking)).toMatchObject({ startTime: moved.startTime, rescheduleCount: 1 });
    expect(await move(ana, booking, 24, id)).toEqual(moved);
    expect(rescheduled(booking)).toBe(1);
  });

  test("given nobody asks again, then the booking shows the new time all the same; who asks later gets that answer", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", times(1, { kind: "lost answer" }));
    const id = requestId();
    await refusalOf(move(ana, booking, 24, id));
    // Others do not come between.
    expect((await refusalOf(move(ana, booking, 25))).reason).toBe("CONTENTION");
    expect((await refusalOf(reassign(member, booking, rana))).reason).toBe("CONTENTION");
    const moved = await settled(booking);
    expect(moved).toMatchObject({ startTime: laterThan(booking, 24), rescheduleCount: 1 });
    expect(await move(ana, booking, 24, id)).toEqual(moved);
    expect((await move(ana, booking, 25)).rescheduleCount).toBe(2);
    await settled(booking);
    expect(rescheduled(booking)).toBe(2);
  });

  test("given availability never did it, then the old time stays, and nobody is moved any more", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", () => ({ kind: "away" }));
    const id = requestId();
    expect((await refusalOf(move(ana, booking, 24, id))).reason).toBe("UNAVAILABLE");
    world.clock.advance({ minutes: 10 });
    world.around.faults.clear();
    expect(await settled(booking)).toEqual(booking);
    expect(reservationOf(booking).startTime).toEqual(booking.startTime);
    expect(rescheduled(booking)).toBe(0);
    expect((await move(ana, booking, 24, id)).rescheduleCount).toBe(1);
  });

  test("given availability is away when its end comes, then the step asks until it answers", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", times(4, { kind: "lost answer" }));
    await refusalOf(move(ana, booking, 24));
    expect((await settled(booking)).startTime).toEqual(laterThan(booking, 24));
    expect(calls("moveReservation").length).toBeGreaterThan(4);
  });

  test("given it was refused, and the time is free later, then it is not moved after its end", async () => {
    const booking = await world.confirmed(ana, 72);
    const other = await world.confirmed(await world.person(), 96);
    expect((await refusalOf(move(ana, booking, 24))).reason).toBe("SLOT_TAKEN");
    await move(member, other, 1);
    expect(await settled(booking)).toEqual(booking);
    expect(calls("moveReservation")).toHaveLength(3);
  });

  test("given it was refused, and a late copy of the request moves it all the same, then the booking shows that", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", times(1, { kind: "refuses", reason: "SLOT_TAKEN" }));
    expect((await refusalOf(move(ana, booking, 24))).reason).toBe("SLOT_TAKEN");
    const [asked] = calls("moveReservation");
    const late = world.running().client(ReservationService, { workload: "booking" });
    await late.moveReservation(asked?.request as MoveReservationRequest);
    expect((await settled(booking)).startTime).toEqual(laterThan(booking, 24));
  });
});

describe("a process that dies", () => {
  test("given it stops after availability moved and before it noted it, then the next one notes it, once", async () => {
    const booking = await world.confirmed(ana, 72);
    const entered = Promise.withResolvers<void>();
    const never = Promise.withResolvers<void>();
    world.around.faults.set("moveReservation", () => ({
      kind: "waits",
      entered: entered.resolve,
      until: never.promise,
    }));
    const id = requestId();
    const asked = move(ana, booking, 24, id).catch(() => undefined);
    await entered.promise;
    const stopping = world.stop().catch(() => undefined);
    never.reject(new Error("the process has died"));
    await Promise.all([stopping, asked]);
    world.around.faults.clear();
    await world.start();
    expect((await get(booking)).startTime).toEqual(booking.startTime);
    expect(await settled(booking)).toMatchObject({ startTime: laterThan(booking, 24), rescheduleCount: 1 });
    expect((await move(ana, booking, 24, id)).rescheduleCount).toBe(1);
    expect(rescheduled(booking)).toBe(1);
  }, 40_000);
});

describe("while a move is under way", () => {
  /** Has availability move, and stops before its answer arrives. */
  async function held(begin: () => Promise<Booking>) {
    const entered = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    world.around.faults.set(
      "moveReservation",
      times(1, { kind: "waits", entered: entered.resolve, until: open.promise }),
    );
    const answer = begin().then(
      (booking) => booking,
      (error: unknown) => refusalOf(Promise.reject(error)),
    );
    await entered.promise;
    return { answer, release: open.resolve };
  }

  test("given the customer cancels, then it is cancelled, the new time is given back, and the move is refused", async () => {
    const booking = await world.confirmed(ana, 72);
    const { answer, release } = await held(() => move(ana, booking, 24));
    await cancel(booking);
    await world.settles(() => expect(calls("releaseReservation")).toHaveLength(1));
    expect(reservationOf(booking).state).toBe(firm);
    release();
    expect(await answer).toMatchObject({ reason: "BOOKING_STATE_WRONG", metadata: { state: "CANCELLED" } });
    await world.settles(() => expect(reservationOf(booking).state).toBe(released));
    expect(await settled(booking)).toMatchObject({ state: Booking_State.CANCELLED, startTime: booking.startTime });
    expect(rescheduled(booking)).toBe(0);
  });

  test("given the customer cancels and the answer is lost, then the new time is given back by the step", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", times(1, { kind: "lost answer" }));
    await refusalOf(move(ana, booking, 24));
    await cancel(booking);
    expect(reservationOf(booking).state).toBe(firm);
    await settled(booking);
    await world.settles(() => expect(reservationOf(booking).state).toBe(released));
  });

  test("given it was cancelled before availability was asked, then the move is refused and nothing is left", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", times(1, { kind: "away" }));
    const id = requestId();
    await refusalOf(move(ana, booking, 24, id));
    await cancel(booking);
    await world.settles(() => expect(reservationOf(booking).state).toBe(released));
    expect(await refusalOf(move(ana, booking, 24, id))).toMatchObject({
      reason: "BOOKING_STATE_WRONG",
      metadata: { state: "CANCELLED" },
    });
    await settled(booking);
  });

  test("given the same request at once, eight times, then one move and one answer", async () => {
    const booking = await world.confirmed(ana, 72);
    const id = requestId();
    const answers = await Promise.all(Array.from({ length: 8 }, () => move(ana, booking, 24, id)));
    expect(new Set(answers.map(({ etag, rescheduleCount }) => `${etag} ${rescheduleCount}`)).size).toBe(1);
    expect((await settled(booking)).rescheduleCount).toBe(1);
    expect(rescheduled(booking)).toBe(1);
  });

  test("given moves to different times and other staff at once, then each is made or refused, and the booking shows the last", async () => {
    const booking = await world.confirmed(ana, 72);
    const outcomes = await Promise.allSettled([
      move(ana, booking, 24),
      move(ana, booking, 25),
      move(member, booking, 26),
      reassign(member, booking, rana),
    ]);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused.length).toBeLessThan(4);
    for (const { reason } of refused) expect((await refusalOf(Promise.reject(reason))).reason).toBe("CONTENTION");
    await settled(booking);
    expect(rescheduled(booking)).toBe(4 - refused.length);
  });

  test("given its hold has ended in availability, then it says so", async () => {
    const booking = await world.confirmed(ana, 72);
    world.around.faults.set("moveReservation", () => ({ kind: "refuses", reason: "RESERVATION_LAPSED" }));
    expect((await refusalOf(move(ana, booking, 24))).reason).toBe("HOLD_EXPIRED");
    world.around.faults.clear();
    await settled(booking);
  });
});
