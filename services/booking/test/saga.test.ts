import { create } from "@bufbuild/protobuf";
import { Booking_ExpireReason, Booking_State } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PaymentSchema } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Fault } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

let world: World;
let ana: As & { readonly account: string };

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  world.around.faults.clear();
  world.around.calls.length = 0;
  world.clock.advance({ minutes: 121 });
  ana = await world.person();
});
afterAll(() => world.close());

const callsOf = (method: string) => world.around.calls.filter((call) => call.method === method);
const get = (name: string) => world.bookings().getBooking({ name }, ana);
const reservationsOf = (name: string) =>
  [...world.around.reservations.values()].filter(({ booking }) => booking === name).map(({ state }) => state);
const idle = async () => expect(await world.stepsLeft()).toEqual([]);
const becomes = (name: string, state: Booking_State) =>
  world.settles(async () => {
    const booking = await get(name);
    expect(Booking_State[booking.state]).toBe(Booking_State[state]);
    await idle();
    return booking;
  });
const refundsOf = (payment: string | undefined) =>
  callsOf("refundPayment").filter(({ request }) => (request as { name: string }).name === payment);
const [held, firm, released] = [1, 2, 3];

/** Fails the first times, then no more. */
function times(count: number, fault: Fault): () => Fault | undefined {
  let left = count;
  return () => (left-- > 0 ? fault : undefined);
}

describe("PaymentSucceeded", () => {
  test("given a booking that waits, then its reservation is firm, it is CONFIRMED, and each change told once", async () => {
    const { name, payment } = await world.confirmed(ana, 30);
    const booking = await becomes(name, Booking_State.CONFIRMED);
    expect(booking.confirmTime).toBeDefined();
    expect(booking.payment?.payTime).toBeDefined();
    expect(booking.holdExpireTime).toBeUndefined();
    expect(reservationsOf(name)).toEqual([firm]);
    expect(refundsOf(payment?.payment)).toEqual([]);
    await world.settles(() =>
      expect(world.eventsOf(name)).toEqual(["BookingHeld", "BookingCreated", "BookingConfirmed"]),
    );
    const { bookingEvents } = await world.bookings().listBookingEvents({ parent: name }, ana);
    expect(bookingEvents.map(({ toState, actor }) => [Booking_State[toState], actor])).toEqual([
      ["HELD", ana.account],
      ["PENDING_PAYMENT", ana.account],
      ["PENDING_PAYMENT", "services/payment"],
      ["CONFIRMED", "services/booking"],
    ]);
  });

  test("given it is told three times and a failure late, then nothing more happens", async () => {
    const waiting = await world.book(ana, 30);
    const event = world.paid(waiting);
    await world.publish(event, event, { ...world.paid(waiting), sequence: 2n });
    await becomes(waiting.name, Booking_State.CONFIRMED);
    await world.publish(world.failed(waiting), event);
    await becomes(waiting.name, Booking_State.CONFIRMED);
    await world.settles(() =>
      expect(world.eventsOf(waiting.name)).toEqual(["BookingHeld", "BookingCreated", "BookingConfirmed"]),
    );
    expect(callsOf("confirmReservation")).toHaveLength(1);
    expect(callsOf("refundPayment")).toEqual([]);
  });

  test("given a card that failed first, then the later success counts", async () => {
    const waiting = await world.book(ana, 30);
    await world.publish(world.failed(waiting));
    await world.publish(world.paid(waiting));
    await becomes(waiting.name, Booking_State.CONFIRMED);
  });

  test("given availability is away for a while, then it is confirmed afterwards, once", async () => {
    world.around.faults.set("confirmReservation", times(3, { kind: "away" }));
    const { name } = await world.confirmed(ana, 30);
    await becomes(name, Booking_State.CONFIRMED);
    expect(new Set(callsOf("confirmReservation").map(({ requestId: id }) => id)).size).toBe(1);
  });

  test("given the answer of availability is lost, then asking again changes nothing", async () => {
    world.around.faults.set("confirmReservation", times(2, { kind: "lost answer" }));
    const { name } = await world.confirmed(ana, 30);
    expect(reservationsOf(name)).toEqual([firm]);
    await idle();
  });

  test("given a wrong amount or currency, then all that came goes back and nothing is confirmed", async () => {
    for (const wrong of [{ amountMinor: 11_499n }, { amountMinor: 11_501n }, { currencyCode: "USD" }]) {
      const waiting = await world.book(await world.person(), 30 + Number(wrong.amountMinor ?? 0n) / 60);
      await world.publish(world.paid(waiting, wrong));
      await world.settles(() => expect(refundsOf(waiting.payment?.payment)).toHaveLength(1));
      expect(refundsOf(waiting.payment?.payment)[0]?.request).toMatchObject({
        amount: { currencyCode: "AED", amountMinor: 11_500n, ...wrong },
      });
    }
    expect(callsOf("confirmReservation")).toEqual([]);
  });

  test("given a payment that is not the booking's, also of one only held, then that one goes back", async () => {
    const waiting = await world.book(ana, 30);
    const stray = "payments/0195b3c0-7d1e-7c7a-8000-00000000aaaa";
    world.around.payments.set(stray, create(PaymentSchema, { name: stray }));
    await world.publish(world.paid(waiting, { payment: stray, amountMinor: 5n }));
    const held = await world.hold(ana, 31);
    await world.publish({ ...world.paid(held, { payment: stray, amountMinor: 7n }), key: "other" });
    await world.settles(() =>
      expect(refundsOf(stray).map(({ request }) => (request as { amount: object }).amount)).toEqual([
        expect.objectContaining({ amountMinor: 5n, currencyCode: "AED" }),
        expect.objectContaining({ amountMinor: 7n, currencyCode: "AED" }),
      ]),
    );
    expect((await get(waiting.name)).state).toBe(Booking_State.PENDING_PAYMENT);
  });
});

describe("money that comes late", () => {
  test("given the reservation lapsed and the slot is free, then it is taken again, firm, and CONFIRMED", async () => {
    const waiting = await world.book(ana, 30);
    world.around.faults.set("confirmReservation", () => ({ kind: "refuses", reason: "RESERVATION_LAPSED" }));
    for (const one of world.around.reservations.values()) if (one.booking === waiting.name) one.state = 4;
    await world.publish(world.paid(waiting));
    const booking = await becomes(waiting.name, Booking_State.CONFIRMED);
    expect(reservationsOf(waiting.name)).toEqual([4, firm]);
    expect(booking.startTime).toEqual(waiting.startTime);
    expect(callsOf("reserve").at(-1)?.request).toMatchObject({ ignoreNotice: true, maxGapMinutes: 0 });
    expect(refundsOf(waiting.payment?.payment)).toEqual([]);
    // Cancelling releases what was taken the second time.
    await world
      .bookings()
      .cancelBooking(
        { name: waiting.name, acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" }, requestId: requestId() },
        ana,
      );
    await world.settles(() => expect(reservationsOf(waiting.name)).toEqual([4, released]));
  });

  test("given it EXPIRED and the slot is free, then CONFIRMED again, without a reason of expiry", async () => {
    const waiting = await world.book(ana, 30);
    world.clock.advance({ minutes: 15 });
    const expired = await becomes(waiting.name, Booking_State.EXPIRED);
    expect(expired.expireReason).toBe(Booking_ExpireReason.PAYMENT_TIMED_OUT);
    await world.settles(() =>
      expect(callsOf("cancelPayment")).toContainEqual(
        expect.objectContaining({ request: expect.objectContaining({ name: waiting.payment?.payment }) }),
      ),
    );
    await world.publish(world.paid(waiting));
    const booking = await becomes(waiting.name, Booking_State.CONFIRMED);
    expect(booking.expireReason).toBe(Booking_ExpireReason.UNSPECIFIED);
    expect(reservationsOf(waiting.name).at(-1)).toBe(firm);
    await world.settles(() =>
      expect(world.eventsOf(waiting.name)).toEqual([
        "BookingHeld",
        "BookingCreated",
        "BookingExpired",
        "BookingConfirmed",
      ]),
    );
  });

  test("given the slot is gone, then EXPIRED as PAID_TOO_LATE and all goes back, also when it had EXPIRED before", async () => {
    for (const hadExpired of [false, true]) {
      const who = await world.person();
      const waiting = await world.book(who, hadExpired ? 32 : 30);
      if (hadExpired) {
        world.clock.advance({ minutes: 15 });
        await world.settles(async () =>
          expect((await world.bookings().getBooking({ name: waiting.name }, who)).state).toBe(Booking_State.EXPIRED),
        );
      } else world.around.faults.set("confirmReservation", () => ({ kind: "refuses", reason: "RESERVATION_LAPSED" }));
      world.around.faults.set("reserve", () => ({ kind: "refuses", reason: "SLOT_TAKEN" }));
      await world.publish(world.paid(waiting));
      await world.settles(() => expect(refundsOf(waiting.payment?.payment)).toHaveLength(1));
      expect(refundsOf(waiting.payment?.payment)[0]?.request).toMatchObject({
        amount: { currencyCode: "AED", amountMinor: 11_500n },
      });
      const lost = await world.bookings().getBooking({ name: waiting.name }, who);
      expect(lost).toMatchObject({ state: Booking_State.EXPIRED, expireReason: Booking_ExpireReason.PAID_TOO_LATE });
      expect(lost.payment?.refunded).toBeUndefined();
      await world.publish(world.refunded(waiting));
      await world.settles(async () =>
        expect((await world.bookings().getBooking({ name: waiting.name }, who)).payment?.refunded).toMatchObject({
          amountMinor: 11_500n,
          currencyCode: "AED",
        }),
      );
      world.around.faults.clear();
    }
  });

  test.each(["ADD_ON_UNKNOWN", "SERVICE_NOT_BOOKABLE", "STAFF_NOT_ABLE", "SLOT_NOT_OFFERED"])(
    "given availability now refuses with %s, then the money goes back, and is not kept for ever",
    async (reason) => {
      const waiting = await world.book(ana, 30);
      world.around.faults.set("confirmReservation", () => ({ kind: "refuses", reason: "RESERVATION_LAPSED" }));
      world.around.faults.set("reserve", () => ({ kind: "refuses", reason }));
      await world.publish(world.paid(waiting));
      await becomes(waiting.name, Booking_State.EXPIRED);
      expect(refundsOf(waiting.payment?.payment)).toHaveLength(1);
    },
  );

  test("given the appointment has begun by then, then it is not taken again but paid back", async () => {
    const waiting = await world.book(ana, 0.2);
    world.clock.advance({ minutes: 15 });
    await becomes(waiting.name, Booking_State.EXPIRED);
    world.around.calls.length = 0;
    await world.publish(world.paid(waiting));
    await world.settles(() => expect(refundsOf(waiting.payment?.payment)).toHaveLength(1));
    expect(callsOf("reserve")).toEqual([]);
  });

  test("given it was CANCELLED before, then all goes back, the cancellation says so, and it stays CANCELLED", async () => {
    const waiting = await world.book(ana, 30);
    await world.publish(world.failed(waiting));
    await world.settles(async () =>
      expect((await world.bookings().listBookingEvents({ parent: waiting.name }, ana)).bookingEvents).toHaveLength(3),
    );
    await world
      .bookings()
      .cancelBooking(
        { name: waiting.name, acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" }, requestId: requestId() },
        ana,
      );
    await world.settles(() => expect(callsOf("cancelPayment")).toHaveLength(1));
    await world.publish(world.paid(waiting));
    await world.settles(() => expect(refundsOf(waiting.payment?.payment)).toHaveLength(1));
    await world.publish(world.refunded(waiting));
    await world.settles(async () =>
      expect(await get(waiting.name)).toMatchObject({
        state: Booking_State.CANCELLED,
        cancellation: { refund: { amountMinor: 11_500n } },
        payment: { refunded: { amountMinor: 11_500n } },
      }),
    );
    await world.settles(() =>
      expect(world.eventsOf(waiting.name)).toEqual(["BookingHeld", "BookingCreated", "BookingCancelled"]),
    );
  });

  test("given it is cancelled while its slot is being taken again, then what was taken is given back", async () => {
    const waiting = await world.book(ana, 30);
    const entered = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    world.around.faults.set("confirmReservation", () => ({ kind: "refuses", reason: "RESERVATION_LAPSED" }));
    for (const one of world.around.reservations.values()) if (one.booking === waiting.name) one.state = 4;
    world.around.faults.set("reserve", () => ({ kind: "waits", entered: entered.resolve, until: open.promise }));
    await world.publish(world.paid(waiting));
    await entered.promise;
    expect(reservationsOf(waiting.name)).toEqual([4, firm]);
    await world
      .bookings()
      .cancelBooking(
        { name: waiting.name, acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" }, requestId: requestId() },
        ana,
      );
    open.resolve();
    await becomes(waiting.name, Booking_State.CANCELLED);
    await world.settles(() => expect(reservationsOf(waiting.name)).toEqual([4, released]));
    expect(refundsOf(waiting.payment?.payment)).toHaveLength(1);
  });
});

describe("a process that dies", () => {
  test("given it stops between availability's answer and its own note, then the next one confirms, once", async () => {
    const waiting = await world.book(ana, 30);
    const entered = Promise.withResolvers<void>();
    const never = Promise.withResolvers<void>();
    world.around.faults.set("confirmReservation", () => ({
      kind: "waits",
      entered: entered.resolve,
      until: never.promise,
    }));
    await world.publish(world.paid(waiting));
    await entered.promise;
    expect(reservationsOf(waiting.name)).toEqual([firm]);
    const stopping = world.stop().catch(() => undefined);
    // It hangs until its claim is aborted.
    await stopping;
    never.resolve();
    world.around.faults.clear();
    await world.start();
    const booking = await becomes(waiting.name, Booking_State.CONFIRMED);
    expect(booking.payment?.refunded).toBeUndefined();
    expect(new Set(callsOf("confirmReservation").map(({ requestId: id }) => id)).size).toBe(1);
    await world.settles(() =>
      expect(world.eventsOf(waiting.name)).toEqual(["BookingHeld", "BookingCreated", "BookingConfirmed"]),
    );
  }, 40_000);

  test("given it took a slot again and died, and the booking was cancelled meanwhile, then the slot is given back", async () => {
    const waiting = await world.book(ana, 30);
    world.around.faults.set("confirmReservation", () => ({ kind: "refuses", reason: "RESERVATION_LAPSED" }));
    for (const one of world.around.reservations.values()) if (one.booking === waiting.name) one.state = 4;
    let isFirst = true;
    world.around.faults.set("reserve", () => {
      const fault: Fault | undefined = isFirst ? { kind: "lost answer" } : { kind: "away" };
      isFirst = false;
      return fault;
    });
    await world.publish(world.paid(waiting));
    await world.settles(() => expect(callsOf("reserve").length).toBeGreaterThan(2));
    expect(reservationsOf(waiting.name)).toEqual([4, firm]);
    await world
      .bookings()
      .cancelBooking(
        { name: waiting.name, acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" }, requestId: requestId() },
        ana,
      );
    world.around.faults.clear();
    await becomes(waiting.name, Booking_State.CANCELLED);
    expect(reservationsOf(waiting.name)).toEqual([4, released]);
  });

  test("given a hold of somebody else in the way of nothing, then none of this touched it", async () => {
    const ben = await world.person();
    const other = await world.hold(ben, 33);
    expect(reservationsOf(other.name)).toEqual([held]);
    expect((await refusalOf(world.bookings().getBooking({ name: other.name }, ana))).reason).toBe("NOT_FOUND");
  });
});
