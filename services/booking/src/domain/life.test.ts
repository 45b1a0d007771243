import { describe, expect, test } from "@jest/globals";
import { usualPolicy } from "../../test/terms.ts";
import type { Booking } from "./booking.ts";
import { cancelBooking } from "./cancel-booking.ts";
import { createBooking, type Terms } from "./create-booking.ts";
import { expireBooking, hasLapsed, releaseHold } from "./end-hold.ts";
import { holdBooking } from "./hold-booking.ts";
import { priceOf, withDeposits } from "./price.ts";
import { confirmBooking, paymentFailed, paymentSucceeded, slotLost } from "./settle-payment.ts";

const now = Temporal.Instant.from("2026-05-04T08:00:00Z");
const expireTime = now.add({ minutes: 15 });
const reservation = { name: "providers/p/reservations/r", fencingToken: 7n };
const payment = { name: "payments/1", payUrl: "http://localhost/pay/1" };
const policy = { ...usualPolicy, freeWindowMinutes: 60 };
const terms: Terms = {
  price: priceOf({
    currencyCode: "AED",
    servicesMinor: [10_000n],
    hotDiscountBasisPoints: 1_000,
    taxBasisPoints: 500,
    feeMinor: 1_000n,
  }),
  policy,
  paymentMethod: "ONLINE",
  place: "PROVIDER",
  items: [{ serviceName: { en: "Haircut" }, priceMinor: 9_000n, feeMinor: 1_000n, policy }],
};

const held = holdBooking(
  {
    id: "b",
    providerId: "p",
    customerId: "c",
    reservation,
    partySize: 1,
    timeZone: "Asia/Dubai",
    expireTime,
    items: [
      {
        serviceId: "s",
        staffId: "t",
        isStaffChosen: true,
        startTime: now.add({ hours: 5 }),
        endTime: now.add({ hours: 6 }),
        serviceName: {},
        addOnNames: [],
        priceMinor: 0n,
        feeMinor: 0n,
        policy: undefined,
      },
    ],
  },
  now,
).booking;
const waiting = createBooking(held, terms, payment, now).booking;
const paid = paymentSucceeded(waiting, { payment: payment.name, amountMinor: 10_450n, currencyCode: "AED" }, now);
const confirmed = confirmBooking(paid?.booking ?? waiting, now).booking;
const expired = expireBooking(waiting, expireTime).booking;

describe("given a hold", () => {
  test("when a booking is made with a quote, then its terms are frozen: 100 AED less 10 %, 5 % tax, 10 AED fee", () => {
    expect(waiting).toMatchObject({
      state: "PENDING_PAYMENT",
      paymentState: "PENDING",
      version: 2n,
      price: { serviceMinor: 9_000n, discountMinor: 1_000n, taxMinor: 450n, feeMinor: 1_000n, totalMinor: 10_450n },
    });
  });
  test("when there is nothing to pay, then it is confirmed at once", () => {
    expect(createBooking(held, terms, undefined, now)).toMatchObject({
      booking: { state: "CONFIRMED" },
      event: "BookingConfirmed",
    });
  });
  test("when a booking is made one nanosecond before the hold ends it is taken, at its end it is refused", () => {
    expect(createBooking(held, terms, payment, expireTime.subtract({ nanoseconds: 1 })).booking.state).toBe(
      "PENDING_PAYMENT",
    );
    expect(() => createBooking(held, terms, payment, expireTime)).toThrow(
      expect.objectContaining({ reason: "HOLD_EXPIRED" }),
    );
  });
  test("when it is made twice, then the second is refused", () => {
    const refusal = {
      reason: "BOOKING_STATE_WRONG",
      metadata: { state: "PENDING_PAYMENT", required_states: "HELD" },
    };
    expect(() => createBooking(waiting, terms, payment, now)).toThrow(expect.objectContaining(refusal));
  });
  test("when it is released, then its time is given back", () => {
    expect(releaseHold(held, now)).toMatchObject({
      event: "BookingReleased",
      steps: [{ name: "release-reservation", reservation }],
    });
    const refusal = { reason: "BOOKING_STATE_WRONG", metadata: { state: "CONFIRMED", required_states: "HELD" } };
    expect(() => releaseHold(confirmed, now)).toThrow(expect.objectContaining(refusal));
  });
  test("when its time has come it lapses, not before, and never once paid", () => {
    expect(hasLapsed(held, expireTime.subtract({ nanoseconds: 1 }))).toBe(false);
    expect(hasLapsed(held, expireTime)).toBe(true);
    expect(hasLapsed(paid?.booking ?? held, expireTime)).toBe(false);
    expect(expireBooking(waiting, expireTime).steps.map((step) => step.name)).toEqual([
      "release-reservation",
      "cancel-payment",
    ]);
  });
});

describe("given a payment that succeeded", () => {
  const result = { payment: payment.name, amountMinor: 10_450n, currencyCode: "AED" };
  test("when the booking waits, then its reservation is to be made firm", () => {
    expect(paid).toMatchObject({
      booking: { state: "PENDING_PAYMENT", paymentState: "PAID" },
      steps: [{ name: "confirm-reservation" }],
    });
  });
  test("when it is told again, then nothing happens", () => {
    expect(paymentSucceeded(confirmed, result, now)).toBeUndefined();
  });
  test("when the hold had ended, then the slot is to be taken again", () => {
    expect(paymentSucceeded(expired, result, now)?.steps).toEqual([{ name: "retake-slot" }]);
  });
  test("when the booking had been cancelled, then all of it goes back", () => {
    const cancelled = cancelBooking(
      waiting,
      { by: "CUSTOMER", reason: "", acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" } },
      now,
    ).booking;
    expect(paymentSucceeded(cancelled, result, now)?.steps).toEqual([
      {
        name: "refund-payment",
        payment: payment.name,
        amountMinor: 10_450n,
        currencyCode: "AED",
        cause: "booking is over",
      },
    ]);
  });
  test.each([10_449n, 10_451n])(
    "when %d came instead of 10450, then it goes back and nothing is confirmed",
    (amountMinor) => {
      expect(paymentSucceeded(waiting, { ...result, amountMinor }, now)).toMatchObject({
        booking: { state: "PENDING_PAYMENT", paymentState: "REFUNDING" },
        steps: [{ name: "refund-payment", amountMinor }],
      });
    },
  );
  test("when it is not the booking's payment, then that payment goes back and the booking stays", () => {
    expect(paymentSucceeded(waiting, { ...result, payment: "payments/2" }, now)).toMatchObject({
      booking: { paymentState: "PENDING" },
      steps: [{ name: "refund-payment", payment: "payments/2" }],
    });
  });
  test("when the slot could not be had, then the booking expires and all of it goes back", () => {
    expect(slotLost(paid?.booking ?? waiting, now)).toMatchObject({
      booking: {
        state: "EXPIRED",
        paymentState: "REFUNDING",
        expireReason: "PAID_TOO_LATE",
        refund: { currencyCode: "AED", dueMinor: 10_450n, doneMinor: 0n },
      },
      event: "BookingExpired",
      steps: [{ amountMinor: 10_450n }],
    });
  });
  describe("of a deposit of 20 %: 1800 + 90 of tax + the fee of 1000 (BK-07)", () => {
    const deposit = createBooking(
      held,
      { ...terms, price: withDeposits(terms.price, [{ priceMinor: 9_000n, depositPercent: 20 }]) },
      payment,
      now,
    ).booking;
    test("then what is due now confirms, and the total is another amount", () => {
      expect(paymentSucceeded(deposit, { ...result, amountMinor: 2_890n }, now)?.booking.paymentState).toBe("PAID");
      for (const amountMinor of [2_889n, 2_891n, 10_450n])
        expect(paymentSucceeded(deposit, { ...result, amountMinor }, now)).toMatchObject({
          booking: { paymentState: "REFUNDING" },
          steps: [{ name: "refund-payment", amountMinor }],
        });
    });
    test("then a slot that is lost gives back what was paid", () => {
      const due = paymentSucceeded(deposit, { ...result, amountMinor: 2_890n }, now)?.booking ?? deposit;
      expect(slotLost(due, now)).toMatchObject({
        booking: { refund: { currencyCode: "AED", dueMinor: 2_890n, doneMinor: 0n } },
        steps: [{ name: "refund-payment", amountMinor: 2_890n }],
      });
    });
  });
  test("when it failed first, then a later success still counts", () => {
    const failed = paymentFailed(waiting, payment.name, now)?.booking ?? waiting;
    expect(failed.paymentState).toBe("FAILED");
    expect(paymentSucceeded(failed, result, now)?.booking.paymentState).toBe("PAID");
    expect(paymentFailed(confirmed, payment.name, now)).toBeUndefined();
  });
});

describe("given a confirmed booking, when it is cancelled", () => {
  test("then the accepted penalty must be the present one", () => {
    const late = now.add({ hours: 4, minutes: 30 });
    const wrong = { by: "CUSTOMER", reason: "", acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" } } as const;
    expect(() => cancelBooking(confirmed, wrong, late)).toThrow(
      expect.objectContaining({
        reason: "PENALTY_NOT_ACCEPTED",
        metadata: expect.objectContaining({ penalty_minor: "4500" }),
      }),
    );
    expect(
      cancelBooking(confirmed, { ...wrong, acceptedPenalty: { amountMinor: 4_500n, currencyCode: "AED" } }, late)
        .booking.cancellation,
    ).toMatchObject({
      penaltyMinor: 4_500n,
      refundMinor: 4_725n,
    });
  });
  test("then its time is given back and the money goes back", () => {
    const change = cancelBooking(
      confirmed,
      { by: "CUSTOMER", reason: "ill", acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" } },
      now,
    );
    expect(change.steps.map((step) => step.name)).toEqual(["release-reservation", "refund-payment"]);
    expect(change.booking.paymentState).toBe("REFUNDING");
  });
  test("then twice is refused", () => {
    const cancelled: Booking = cancelBooking(
      confirmed,
      { by: "PROVIDER", reason: "", acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" } },
      now,
    ).booking;
    expect(() =>
      cancelBooking(
        cancelled,
        { by: "PROVIDER", reason: "", acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" } },
        now,
      ),
    ).toThrow(expect.objectContaining({ reason: "BOOKING_NOT_CANCELLABLE" }));
  });
});
