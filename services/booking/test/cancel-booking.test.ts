import {
  type Booking,
  Booking_CancelledBy,
  Booking_State,
  PaymentMethod,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { provider } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

type Person = As & { readonly account: string };

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

const aed = (amountMinor: bigint) => ({ currencyCode: "AED", amountMinor });
const cancel = (
  who: As,
  { name }: Booking,
  penalty: bigint,
  more: { currencyCode?: string; requestId?: string } = {},
) =>
  world.bookings().cancelBooking(
    {
      name,
      acceptedPenalty: { ...aed(penalty), currencyCode: more.currencyCode ?? "AED" },
      reason: "ill",
      requestId: more.requestId ?? requestId(),
    },
    who,
  );
const quote = (who: As, { name }: Booking) => world.bookings().quoteCancellation({ name }, who);
const refunds = () => world.around.calls.filter(({ method }) => method === "refundPayment");
const until = (at: bigint | undefined) =>
  world.clock.advance({ milliseconds: Number(at ?? 0n) * 1000 - world.clock.now().epochMilliseconds });

describe("cancelling by policy: free until 24 h before, then 50 %, from the start on 100 %", () => {
  test("given the last instant of the free window, then all of it comes back; refund.succeeded is shown", async () => {
    const booking = await world.confirmed(ana, 30);
    until((booking.startTime?.seconds ?? 0n) - 86_400n);
    expect(await quote(ana, booking)).toMatchObject({
      penalty: aed(0n),
      refund: aed(11_500n),
      feeRefund: aed(1_000n),
      freeUntilTime: { seconds: (booking.startTime?.seconds ?? 0n) - 86_400n },
    });
    const id = requestId();
    const cancelled = await cancel(ana, booking, 0n, { requestId: id });
    expect(cancelled).toMatchObject({
      state: Booking_State.CANCELLED,
      cancellation: {
        cancelledBy: Booking_CancelledBy.CUSTOMER,
        penalty: aed(0n),
        refund: aed(11_500n),
        reason: "ill",
      },
    });
    expect(cancelled.payment?.refunded).toBeUndefined();
    expect(await cancel(ana, booking, 0n, { requestId: id })).toEqual(cancelled);
    expect(await refusalOf(cancel(ana, booking, 0n))).toMatchObject({
      reason: "BOOKING_NOT_CANCELLABLE",
      metadata: { state: "CANCELLED" },
    });
    expect((await refusalOf(quote(ana, booking))).reason).toBe("BOOKING_NOT_CANCELLABLE");
    await world.settles(() =>
      expect(refunds().map(({ request }) => request)).toEqual([
        expect.objectContaining({ amount: expect.objectContaining(aed(11_500n)) }),
      ]),
    );
    await world.publish(world.refunded(booking), world.refunded(booking));
    await world.settles(async () =>
      expect((await world.bookings().getBooking({ name: booking.name }, ana)).payment?.refunded).toMatchObject(
        aed(11_500n),
      ),
    );
    await world.settles(() =>
      expect([...world.around.reservations.values()].find((one) => one.booking === booking.name)?.state).toBe(3),
    );
    await world.settles(() =>
      expect(world.eventsOf(booking.name)).toEqual([
        "BookingHeld",
        "BookingCreated",
        "BookingConfirmed",
        "BookingCancelled",
      ]),
    );
  });

  test("given a second later, then half the price is kept with its tax and the fee, and must be accepted exactly", async () => {
    const booking = await world.confirmed(ana, 30);
    const stale = await quote(ana, booking);
    until((booking.startTime?.seconds ?? 0n) - 86_399n);
    expect(await quote(ana, booking)).toMatchObject({ penalty: aed(5_000n), refund: aed(5_250n), feeRefund: aed(0n) });
    for (const [penalty, currencyCode] of [
      [stale.penalty?.amountMinor ?? 0n, "AED"],
      [4_999n, "AED"],
      [5_001n, "AED"],
      [5_000n, "USD"],
    ] as const)
      expect(await refusalOf(cancel(ana, booking, penalty, { currencyCode }))).toMatchObject({
        reason: "PENALTY_NOT_ACCEPTED",
        metadata: { penalty_minor: "5000", currency_code: "AED" },
      });
    expect((await cancel(ana, booking, 5_000n)).cancellation).toMatchObject({ refund: aed(5_250n) });
    await world.settles(() => expect(refunds()[0]?.request).toMatchObject({ amount: aed(5_250n) }));
  });

  test("given the start, then all of it is kept and nothing is asked of payment", async () => {
    const booking = await world.confirmed(ana, 30);
    until(booking.startTime?.seconds);
    expect(await quote(ana, booking)).toMatchObject({ penalty: aed(10_000n), refund: aed(0n) });
    await cancel(ana, booking, 10_000n);
    await world.settles(async () => expect(await world.stepsLeft()).toEqual([]));
    expect(refunds()).toEqual([]);
  });

  test("given 16 who cancel at once, then one refund", async () => {
    const booking = await world.confirmed(ana, 30);
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, () => cancel(ana, booking, 0n)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await world.settles(async () => expect(await world.stepsLeft()).toEqual([]));
    expect(refunds()).toHaveLength(1);
  });
});

describe("who cancels", () => {
  test.each([
    ["a member", () => member, Booking_CancelledBy.PROVIDER],
    ["an operator", () => operator, Booking_CancelledBy.PLATFORM],
  ])("given %s shortly before the start, then without a penalty and with the fee", async (_, who, by) => {
    const booking = await world.confirmed(ana, 30);
    until((booking.startTime?.seconds ?? 0n) - 60n);
    expect(await quote(who(), booking)).toMatchObject({
      penalty: aed(0n),
      refund: aed(11_500n),
      feeRefund: aed(1_000n),
    });
    expect((await cancel(who(), booking, 0n)).cancellation).toMatchObject({ cancelledBy: by, refund: aed(11_500n) });
  });

  test("given a stranger, or a member who may only read, then NOT_FOUND and nothing happens", async () => {
    const booking = await world.confirmed(ana, 30);
    const stranger = await world.person();
    expect((await refusalOf(cancel(stranger, booking, 0n))).reason).toBe("NOT_FOUND");
    expect((await refusalOf(quote(stranger, booking))).reason).toBe("NOT_FOUND");
    expect((await refusalOf(cancel(reader, booking, 0n))).reason).toBe("NOT_FOUND");
    expect((await refusalOf(world.bookings().listBookingEvents({ parent: booking.name }, stranger))).reason).toBe(
      "NOT_FOUND",
    );
    const missing = booking.name.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    expect((await refusalOf(cancel(operator, { ...booking, name: missing }, 0n))).reason).toBe("NOT_FOUND");
    expect((await world.bookings().getBooking({ name: booking.name }, reader)).state).toBe(Booking_State.CONFIRMED);
  });
});

describe("cancelling before it is confirmed", () => {
  test("given one that is only held, then the quote can be given back as it came", async () => {
    const booking = await world.hold(ana, 30);
    const { penalty } = await quote(ana, booking);
    const cancelled = await world
      .bookings()
      .cancelBooking({ name: booking.name, ...(penalty && { acceptedPenalty: penalty }), requestId: requestId() }, ana);
    expect(cancelled.state).toBe(Booking_State.CANCELLED);
  });

  test("given one that waits for its money, or whose card failed, then the payment is cancelled too", async () => {
    for (const hasFailed of [false, true]) {
      const booking = await world.book(ana, hasFailed ? 31 : 30);
      if (hasFailed) {
        await world.publish(world.failed(booking));
        await world.settles(async () =>
          expect((await world.bookings().listBookingEvents({ parent: booking.name }, ana)).bookingEvents).toHaveLength(
            3,
          ),
        );
      }
      await cancel(ana, booking, 0n);
      await world.settles(() =>
        expect(
          world.around.calls.filter(({ method }) => method === "cancelPayment").map(({ request }) => request),
        ).toContainEqual(expect.objectContaining({ name: booking.payment?.payment })),
      );
    }
    expect(refunds()).toEqual([]);
  });

  test("given cash, then nothing is kept and nothing is refunded", async () => {
    const held = await world.hold(ana, 30);
    const booking = await world
      .bookings()
      .createBooking({ name: held.name, paymentMethod: PaymentMethod.CASH, requestId: requestId() }, ana);
    until((booking.startTime?.seconds ?? 0n) - 60n);
    await cancel(ana, booking, 0n);
    await world.settles(async () => expect(await world.stepsLeft()).toEqual([]));
    expect(refunds()).toEqual([]);
  });
});
