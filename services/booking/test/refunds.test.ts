import {
  type Booking,
  Booking_State,
  Booking_PaymentInfo_State as Money,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { RefundPaymentRequest } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Fault, provider } from "./neighbours.ts";
import { type As, openWorld, requestId, type World } from "./world.ts";

let world: World;
let member: As & { readonly account: string };
let ana: As & { readonly account: string };

beforeAll(async () => {
  world = await openWorld();
  member = await world.person();
  world.around.memberships.set(member.account, [{ provider, permissions: ["bookings.read"] }]);
});
beforeEach(async () => {
  world.around.faults.clear();
  world.around.calls.length = 0;
  world.logged.length = 0;
  world.clock.advance({ hours: 3 });
  ana = await world.person();
});
afterAll(() => world.close());

const aed = (amountMinor: bigint) => expect.objectContaining({ currencyCode: "AED", amountMinor });
const get = (name: string, who: As = ana) => world.bookings().getBooking({ name }, who);
const cancel = ({ name }: Booking) =>
  world
    .bookings()
    .cancelBooking({ name, acceptedPenalty: { currencyCode: "AED", amountMinor: 0n }, requestId: requestId() }, ana);
/** A booking of 115 AED that was cancelled in time: all of it is to go back. */
const cancelled = async () => {
  const booking = await world.confirmed(ana, 30);
  expect((await cancel(booking)).payment).toMatchObject({ state: Money.REFUNDING, refundDue: aed(11_500n) });
  return booking;
};
const becomes = (name: string, state: Money) =>
  world.settles(async () => {
    const { payment } = await get(name);
    expect(payment && Money[payment.state]).toBe(Money[state]);
    return payment;
  });
const reasonsOf = async (name: string) =>
  (await world.bookings().listBookingEvents({ parent: name }, ana)).bookingEvents.map(({ reason }) => reason);
/** What was asked of payment to be given back of a booking; a step of another test may still be at it. */
const refundsAsked = ({ payment }: Booking) =>
  world.around.calls
    .filter(({ method }) => method === "refundPayment")
    .map(({ request }) => request as RefundPaymentRequest)
    .filter(({ name }) => name === payment?.payment);
const amountsAsked = (booking: Booking) => refundsAsked(booking).map(({ amount }) => amount);

describe("RefundFailed (PY-07)", () => {
  test("given a refund that failed, then customer and provider see it, it is in the history, and logged once by ids", async () => {
    const { name } = await cancelled().then(async (booking) => {
      const event = world.refundFailed(booking);
      await world.publish(event, event);
      return booking;
    });
    const payment = await becomes(name, Money.REFUND_FAILED);
    expect(payment).toMatchObject({ refundDue: aed(11_500n) });
    expect(payment?.refunded).toBeUndefined();
    expect((await get(name, member)).payment?.state).toBe(Money.REFUND_FAILED);
    expect((await get(name)).state).toBe(Booking_State.CANCELLED);
    expect((await reasonsOf(name)).slice(-1)).toEqual(["refund failed"]);
    expect(world.logged).toEqual([
      expect.objectContaining({
        level: "error",
        component: "booking",
        booking: name,
        payment: payment?.payment,
        refund: expect.stringMatching(/^payments\/[^/]+\/refunds\/[^/]+$/),
      }),
    ]);
    expect(JSON.stringify(world.logged)).not.toMatch(/11500|AED/);
  });

  test("given somebody watches, then they hear of the failure and of what mended it", async () => {
    const booking = await cancelled();
    const abort = new AbortController();
    const heard: string[] = [];
    const watching = (async () => {
      const options = { ...member, signal: abort.signal };
      for await (const { kind, bookings } of world.bookings().watchBookings({ parent: provider }, options))
        for (const { name, payment } of bookings)
          if (name === booking.name && payment && kind !== WatchKind.HEARTBEAT) heard.push(Money[payment.state] ?? "");
    })().catch(() => undefined);
    await world.settles(() => expect(heard).toEqual(["REFUNDING"]));
    await world.publish(world.refundFailed(booking));
    await world.settles(() => expect(heard).toEqual(["REFUNDING", "REFUND_FAILED"]));
    await world.publish(world.refunded(booking));
    await world.settles(() => expect(heard).toEqual(["REFUNDING", "REFUND_FAILED", "REFUNDED"]));
    abort.abort();
    await watching;
  });

  test("given it failed, when it is refunded by hand in two parts, then REFUNDED with the second, and nothing is asked for twice", async () => {
    const booking = await cancelled();
    await world.settles(() => expect(amountsAsked(booking)).toEqual([aed(11_500n)]));
    await world.publish(world.refundFailed(booking));
    await becomes(booking.name, Money.REFUND_FAILED);
    await world.publish(world.refunded(booking, { doneMinor: 10_500n }));
    await world.settles(async () => expect((await get(booking.name)).payment?.refunded).toEqual(aed(10_500n)));
    expect((await get(booking.name)).payment?.state).toBe(Money.REFUND_FAILED);
    // One of the two by hand fails first.
    await world.publish(world.refundFailed(booking, { doneMinor: 10_500n }));
    await world.publish(world.refunded(booking, { doneMinor: 11_500n }));
    expect(await becomes(booking.name, Money.REFUNDED)).toMatchObject({ refunded: aed(11_500n) });
    await world.publish({ ...world.paid(booking), sequence: 9n }, { ...world.refundFailed(booking), sequence: 9n });
    expect(await becomes(booking.name, Money.REFUNDED)).toMatchObject({ refunded: aed(11_500n) });
    expect(amountsAsked(booking)).toEqual([aed(11_500n)]);
    expect((await reasonsOf(booking.name)).slice(-3)).toEqual(["refund failed", "refunded in part", "refunded"]);
  });

  test("given another refund of the payment fails while the booking's own is under way, then it stays REFUNDING", async () => {
    const booking = await cancelled();
    await world.publish(world.refundFailed(booking, { underWayMinor: 11_500n }));
    await world.settles(() => expect(world.logged).toHaveLength(1));
    expect((await get(booking.name)).payment?.state).toBe(Money.REFUNDING);
    await world.publish(world.refunded(booking));
    await becomes(booking.name, Money.REFUNDED);
  });

  test("given a payment that is not the booking's, then the booking stays as it is, and it is logged", async () => {
    const booking = await cancelled();
    const payment = "payments/0195b3c0-7d1e-7c7a-8000-00000000aaab";
    await world.publish(world.refundFailed(booking, { payment }));
    await world.settles(() => expect(world.logged).toMatchObject([{ booking: booking.name, payment }]));
    expect((await get(booking.name)).payment?.state).toBe(Money.REFUNDING);
  });
});

describe("a refund by hand while the booking stands (PY-07)", () => {
  test("then it is shown, the booking stays CONFIRMED and PAID, and cancelling gives back only the rest", async () => {
    const booking = await world.confirmed(ana, 30);
    await world.publish(world.refunded(booking, { doneMinor: 10_500n }));
    await world.settles(async () => expect((await get(booking.name)).payment?.refunded).toEqual(aed(10_500n)));
    expect(await get(booking.name)).toMatchObject({ state: Booking_State.CONFIRMED, payment: { state: Money.PAID } });
    const quote = await world.bookings().quoteCancellation({ name: booking.name }, ana);
    expect(quote).toMatchObject({ penalty: aed(0n), refund: aed(1_000n), feeRefund: aed(1_000n) });
    expect(await cancel(booking)).toMatchObject({
      cancellation: { refund: aed(1_000n) },
      payment: { state: Money.REFUNDING, refundDue: aed(11_500n), refunded: aed(10_500n) },
    });
    await world.settles(() => expect(amountsAsked(booking)).toEqual([aed(1_000n)]));
    await world.publish(world.refunded(booking));
    await becomes(booking.name, Money.REFUNDED);
    expect(world.logged).toEqual([]);
  });

  test("given everything went back, when it is cancelled, then it is REFUNDED at once and nothing is asked of payment", async () => {
    const booking = await world.confirmed(ana, 30);
    await world.publish(world.refunded(booking));
    await world.settles(async () => expect((await get(booking.name)).payment?.refunded).toEqual(aed(11_500n)));
    expect((await cancel(booking)).payment?.state).toBe(Money.REFUNDED);
    await world.settles(async () => expect(await world.stepsLeft()).toEqual([]));
    expect(amountsAsked(booking)).toEqual([]);
  });
});

describe("a refund that payment does not take on (PY-07)", () => {
  const refuse = (reason: string) => world.around.faults.set("refundPayment", () => ({ kind: "refuses", reason }));
  const idle = () => world.settles(async () => expect(await world.stepsLeft()).toEqual([]));

  test.each(["PAYMENT_STATE_WRONG", "REFUND_EXCEEDS_PAYMENT", "AMOUNTS_INCONSISTENT", "CURRENCY_NOT_SUPPORTED"])(
    "given it refuses with %s, then REFUND_FAILED after one attempt, logged once, and REFUNDED when it is refunded by hand",
    async (reason) => {
      refuse(reason);
      const booking = await cancelled();
      await becomes(booking.name, Money.REFUND_FAILED);
      await idle();
      expect(refundsAsked(booking)).toHaveLength(1);
      expect((await reasonsOf(booking.name)).slice(-1)).toEqual([`refund refused: ${reason}`]);
      expect(world.logged).toMatchObject([
        { level: "error", booking: booking.name, payment: booking.payment?.payment, reason },
      ]);
      await world.publish(world.refunded(booking));
      await becomes(booking.name, Money.REFUNDED);
    },
  );

  test("given it does not know the payment, then the same", async () => {
    const booking = await world.confirmed(ana, 30);
    world.around.payments.delete(booking.payment?.payment ?? "");
    await cancel(booking);
    await becomes(booking.name, Money.REFUND_FAILED);
    await idle();
    expect(world.logged).toMatchObject([{ booking: booking.name, reason: "NOT_FOUND" }]);
  });

  test.each<Fault>([{ kind: "away" }, { kind: "lost answer" }, { kind: "refuses", reason: "GATEWAY_UNAVAILABLE" }])(
    "given it is only not to be had, as in %p, then it is asked again as the same request, until it answers",
    async (fault) => {
      let left = 3;
      world.around.faults.set("refundPayment", () => (left-- > 0 ? fault : undefined));
      const booking = await cancelled();
      await idle();
      const ids = refundsAsked(booking).map((request) => request.requestId);
      expect(ids).toHaveLength(4);
      expect(new Set(ids).size).toBe(1);
      expect((await get(booking.name)).payment?.state).toBe(Money.REFUNDING);
      expect(world.logged).toEqual([]);
    },
  );

  test("given it was refunded by hand before payment could be asked, then it is not asked any more, and nobody is alarmed", async () => {
    world.around.faults.set("refundPayment", () => ({ kind: "away" }));
    const booking = await cancelled();
    await world.settles(() => expect(refundsAsked(booking).length).toBeGreaterThan(1));
    await world.publish(world.refunded(booking));
    await becomes(booking.name, Money.REFUNDED);
    let asked = 0;
    world.around.faults.set("refundPayment", () => {
      asked += 1;
      return undefined;
    });
    await idle();
    expect(asked).toBe(0);
    expect((await get(booking.name)).payment).toMatchObject({ state: Money.REFUNDED, refunded: aed(11_500n) });
    expect(world.logged).toEqual([]);
  });

  test("given it was refunded by hand while payment was being asked, and so refuses, then it stays REFUNDED, and nobody is alarmed", async () => {
    const entered = Promise.withResolvers<void>();
    const open = Promise.withResolvers<never>();
    world.around.faults.set("refundPayment", () => ({ kind: "waits", entered: entered.resolve, until: open.promise }));
    const booking = await cancelled();
    await entered.promise;
    await world.publish(world.refunded(booking));
    await becomes(booking.name, Money.REFUNDED);
    open.reject(Object.assign(new Error("refused"), { reason: "REFUND_EXCEEDS_PAYMENT", metadata: {} }));
    await idle();
    expect(refundsAsked(booking)).toHaveLength(1);
    expect((await get(booking.name)).payment?.state).toBe(Money.REFUNDED);
    expect(world.logged).toEqual([]);
  });

  test("given a payment that is not the booking's, then the booking stays as it is, the step ends, and it is logged", async () => {
    refuse("REFUND_EXCEEDS_PAYMENT");
    const booking = await world.book(ana, 30);
    const payment = "payments/0195b3c0-7d1e-7c7a-8000-00000000aaac";
    await world.publish(world.paid(booking, { payment, amountMinor: 5n }));
    await world.settles(() =>
      expect(world.logged).toMatchObject([{ booking: booking.name, payment, reason: "REFUND_EXCEEDS_PAYMENT" }]),
    );
    await idle();
    expect((await get(booking.name)).payment?.state).toBe(Money.PENDING);
  });
});
