import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { pricedItem, usualPolicy } from "../../test/terms.ts";
import type { Booking, PaymentState, Refund } from "./booking.ts";
import { cancelBooking } from "./cancel-booking.ts";
import { holdBooking } from "./hold-booking.ts";
import { priceOf } from "./price.ts";
import { paymentSucceeded } from "./settle-payment.ts";
import { oweRefund, type RefundNews, refundFailed, refundSucceeded } from "./settle-refund.ts";

const now = Temporal.Instant.from("2026-05-04T08:00:00Z");
const later = now.add({ minutes: 5 });
const payment = { name: "payments/1", payUrl: "" };

const policy = { ...usualPolicy, freeWindowMinutes: 60 };

/** A confirmed booking of 100 AED, 5 % tax and a fee of 10 AED, paid: 115 AED. */
const paid: Booking = {
  ...holdBooking(
    {
      id: "b",
      providerId: "p",
      customerId: "c",
      reservation: { name: "providers/p/reservations/r", fencingToken: 7n },
      partySize: 1,
      timeZone: "Asia/Dubai",
      expireTime: now.add({ minutes: 15 }),
      items: [pricedItem(10_000n, policy, now.add({ hours: 5 }), 1_000n)],
    },
    now,
  ).booking,
  state: "CONFIRMED",
  paymentState: "PAID",
  payment,
  price: priceOf({
    currencyCode: "AED",
    servicesMinor: [10_000n],
    hotDiscountBasisPoints: 0,
    taxBasisPoints: 500,
    feeMinor: 1_000n,
  }),
  policy,
};
const aed = (dueMinor: bigint, doneMinor: bigint): Refund => ({ currencyCode: "AED", dueMinor, doneMinor });
const bookingIn = (paymentState: PaymentState, refund: Refund | undefined): Booking => ({
  ...paid,
  paymentState,
  refund,
});
const news = (doneMinor: bigint, underWayMinor = 0n): RefundNews => ({
  payment: payment.name,
  currencyCode: "AED",
  doneMinor,
  underWayMinor,
});

describe("oweRefund", () => {
  const due = { currencyCode: "AED", amountMinor: 11_500n };

  test("given nothing went back before, then all of it is asked for", () => {
    expect(oweRefund(paid, due, "cancelled")).toEqual({
      booking: { ...paid, paymentState: "REFUNDING", refund: aed(11_500n, 0n) },
      steps: [{ name: "refund-payment", payment: "payments/1", ...due, cause: "cancelled" }],
    });
  });

  const rows = [
    [11_499n, "REFUNDING", 1n],
    [11_500n, "REFUNDED", undefined],
    [11_501n, "REFUNDED", undefined],
  ] as const;
  test.each(rows)("given %d of it went back before, then it is %s and %d is asked for", (done, state, asked) => {
    const owed = oweRefund(bookingIn("PAID", aed(0n, done)), due, "cancelled");
    expect(owed.booking).toMatchObject({ paymentState: state, refund: aed(11_500n, done) });
    expect(owed.steps.map((step) => "amountMinor" in step && step.amountMinor)).toEqual(asked ? [asked] : []);
  });

  test("given nothing is due, then nothing changes", () => {
    expect(oweRefund(paid, { ...due, amountMinor: 0n }, "cancelled")).toEqual({ booking: paid, steps: [] });
  });
});

describe("refundSucceeded (PY-07)", () => {
  const rows: readonly (readonly [PaymentState, Refund | undefined, bigint, PaymentState])[] = [
    ["REFUNDING", aed(11_500n, 0n), 11_499n, "REFUNDING"],
    ["REFUNDING", aed(11_500n, 0n), 11_500n, "REFUNDED"],
    ["REFUND_FAILED", aed(11_500n, 0n), 11_499n, "REFUND_FAILED"],
    ["REFUND_FAILED", aed(11_500n, 0n), 11_500n, "REFUNDED"],
    ["REFUND_FAILED", aed(5_250n, 0n), 6_000n, "REFUNDED"],
    ["REFUNDED", aed(5_250n, 5_250n), 6_250n, "REFUNDED"],
    // By hand, while the booking stands.
    ["PAID", undefined, 11_500n, "PAID"],
    ["PAID", aed(0n, 100n), 200n, "PAID"],
  ];
  test.each(rows)("given %s, %p, when %d has gone back in all, then %s", (state, refund, done, after) => {
    const before = bookingIn(state, refund);
    expect(refundSucceeded(before, news(done), later)).toEqual({
      booking: {
        ...before,
        paymentState: after,
        refund: aed(refund?.dueMinor ?? 0n, done),
        version: 2n,
        updateTime: later,
      },
      event: undefined,
      steps: [],
      reason: after === "REFUNDED" ? "refunded" : "refunded in part",
    });
  });

  test("given it is told again, told late, or of another payment, then nothing happens", () => {
    const before = bookingIn("REFUNDING", aed(11_500n, 500n));
    expect(refundSucceeded(before, news(500n), later)).toBeUndefined();
    expect(refundSucceeded(before, news(499n), later)).toBeUndefined();
    expect(refundSucceeded(before, { ...news(11_500n), payment: "payments/2" }, later)).toBeUndefined();
  });

  test("given another currency, then it is refused, whether something is due or not", () => {
    for (const before of [bookingIn("REFUNDING", aed(11_500n, 0n)), paid])
      expect(() => refundSucceeded(before, { ...news(11_500n), currencyCode: "JPY" }, later)).toThrow(RangeError);
  });

  test("given another currency was paid than asked for, then that one counts when it goes back", () => {
    const waiting: Booking = { ...paid, state: "PENDING_PAYMENT", paymentState: "PENDING" };
    const usd = { payment: payment.name, currencyCode: "USD", amountMinor: 11_500n };
    const owing = paymentSucceeded(waiting, usd, now)?.booking ?? waiting;
    expect(owing).toMatchObject({ paymentState: "REFUNDING", refund: { currencyCode: "USD", dueMinor: 11_500n } });
    expect(() => refundSucceeded(owing, news(11_500n), later)).toThrow(RangeError);
    expect(refundSucceeded(owing, { ...news(11_500n), currencyCode: "USD" }, later)?.booking.paymentState).toBe(
      "REFUNDED",
    );
  });
});

describe("refundFailed (PY-07)", () => {
  const refund = aed(11_500n, 0n);

  test("given REFUNDING, when nothing else is under way, then it is REFUND_FAILED, and nobody but the booking is told", () => {
    const before = bookingIn("REFUNDING", refund);
    expect(refundFailed(before, news(0n), later)).toEqual({
      booking: { ...before, paymentState: "REFUND_FAILED", version: 2n, updateTime: later },
      event: undefined,
      steps: [],
      reason: "refund failed",
    });
  });

  const rows = [
    [0n, 11_499n, "REFUND_FAILED"],
    [0n, 11_500n, undefined],
    [1_500n, 9_999n, "REFUND_FAILED"],
    [1_500n, 10_000n, undefined],
  ] as const;
  test.each(rows)("given %d went back and %d is under way, then it is %s", (done, underWay, state) => {
    const change = refundFailed(bookingIn("REFUNDING", refund), news(done, underWay), later);
    expect(change?.booking.paymentState).toBe(state);
  });

  test.each(["PAID", "REFUNDED", "REFUND_FAILED", "PENDING"] as const)("given %s, then nothing happens", (state) => {
    expect(refundFailed(bookingIn(state, refund), news(0n), later)).toBeUndefined();
  });

  test("given another payment, then nothing happens; another currency is refused", () => {
    const before = bookingIn("REFUNDING", refund);
    expect(refundFailed(before, { ...news(0n), payment: "payments/2" }, later)).toBeUndefined();
    expect(() => refundFailed(before, { ...news(0n), currencyCode: "USD" }, later)).toThrow(RangeError);
  });

  test("given it failed, when the payment's success is told again, then the money is not asked for a second time", () => {
    const failed = bookingIn("REFUND_FAILED", refund);
    const result = { payment: payment.name, amountMinor: 11_500n, currencyCode: "AED" };
    for (const state of ["CANCELLED", "EXPIRED", "PENDING_PAYMENT"] as const)
      expect(paymentSucceeded({ ...failed, state }, result, later)).toBeUndefined();
  });
});

test("given any refunds by hand before and after a cancellation, in any order and with any end, then it is REFUNDED exactly when what is due has gone back", () => {
  const ask = fc.record({ percent: fc.bigInt({ min: 1n, max: 100n }), fails: fc.boolean() });
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 6 }), fc.nat(6), fc.boolean(), (asks, cancelAfter, cancelsFails) => {
      let booking = paid;
      let doneMinor = 0n;
      const end = (amountMinor: bigint, fails: boolean) => {
        if (!fails) doneMinor += amountMinor;
        const change = (fails ? refundFailed : refundSucceeded)(booking, news(doneMinor), later);
        booking = change?.booking ?? booking;
      };
      const cancel = () => {
        const nothing = { currencyCode: "AED", amountMinor: 0n };
        const change = cancelBooking(booking, { by: "PROVIDER", reason: "", acceptedPenalty: nothing }, later);
        booking = change.booking;
        for (const step of change.steps) if (step.name === "refund-payment") end(step.amountMinor, cancelsFails);
      };
      for (const [index, { percent, fails }] of [...asks.entries()]) {
        if (index === cancelAfter) cancel();
        const amountMinor = ((11_500n - doneMinor) * percent + 99n) / 100n;
        if (amountMinor > 0n) end(amountMinor, fails);
      }
      if (booking.state !== "CANCELLED") cancel();
      expect(doneMinor <= 11_500n).toBe(true);
      expect(booking.refund).toEqual(aed(11_500n, doneMinor));
      expect(booking.paymentState).toBe(doneMinor === 11_500n ? "REFUNDED" : "REFUND_FAILED");
    }),
  );
});
