import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { paidBooking, pricedItem, usualPolicy } from "../../test/terms.ts";
import type { Policy } from "./policy.ts";
import { priceOf } from "./price.ts";
import { freeUntil, quoteCancellation } from "./quote-cancellation.ts";

const start = Temporal.Instant.from("2026-05-04T10:00:00Z");
const policy: Policy = usualPolicy;
// 25.005 JOD, 16 % tax, fee 5 JOD.
const price = priceOf({
  currencyCode: "JOD",
  servicesMinor: [25_005n],
  hotDiscountBasisPoints: 0,
  taxBasisPoints: 1_600,
  feeMinor: 5_000n,
});
const items = [pricedItem(25_005n, policy, start, 5_000n)];
const booking = { price, policy, items, startTime: start, paymentState: "PAID" as const, refund: undefined };
const before = (duration: Temporal.DurationLike): Temporal.Instant => start.subtract(duration);
const tick = { nanoseconds: 1 };

describe("given a paid booking, when the customer cancels (BK-05)", () => {
  const cases = [
    ["a day and more before", before({ hours: 30 }), 0n, 34_006n],
    ["exactly at the end of the free window", before({ hours: 24 }), 0n, 34_006n],
    // 50 % of 25.005 is 12.5025, half up 12.503; tax of 4.001 on it is 2.0005, of which 2.000 is kept; the fee is kept.
    ["one nanosecond later", before({ hours: 24 }).add({ nanoseconds: 1 }), 12_503n, 14_503n],
    ["one nanosecond before the start", before({ nanoseconds: 1 }), 12_503n, 14_503n],
    ["at the start", start, 25_005n, 0n],
  ] as const;
  test.each(cases)("then %s it costs what the policy says", (_, at, penaltyMinor, refundMinor) => {
    const feeRefundMinor = penaltyMinor === 0n ? 5_000n : 0n;
    expect(quoteCancellation(booking, "CUSTOMER", at)).toEqual({
      penaltyMinor,
      dueMinor: refundMinor,
      refundMinor,
      feeRefundMinor,
    });
  });

  test("then the fee is kept inside the free window too, when the policy says so", () => {
    const kept = { ...booking, policy: { ...policy, refundsFee: false } };
    expect(quoteCancellation(kept, "CUSTOMER", before({ hours: 30 })).refundMinor).toBe(29_006n);
  });
});

test("given a paid booking, when the provider cancels after the start, then everything goes back, the fee included", () => {
  expect(quoteCancellation(booking, "PROVIDER", start)).toEqual({
    penaltyMinor: 0n,
    dueMinor: 34_006n,
    refundMinor: 34_006n,
    feeRefundMinor: 5_000n,
  });
});

describe("given a paid booking of which a part was given back by hand (PY-07)", () => {
  const rows = [
    ["a part", 10_000n, 24_006n, 5_000n],
    ["all but the fee", 29_006n, 5_000n, 5_000n],
    ["a part of the fee too", 30_006n, 4_000n, 4_000n],
    ["all but the last minor unit", 34_005n, 1n, 1n],
    ["everything", 34_006n, 0n, 0n],
  ] as const;
  test.each(rows)(
    "when %s was, then cancelling gives back only the rest",
    (_, doneMinor, refundMinor, feeRefundMinor) => {
      const given = { ...booking, refund: { currencyCode: "JOD", dueMinor: 0n, doneMinor } };
      expect(quoteCancellation(given, "PROVIDER", start)).toEqual({
        penaltyMinor: 0n,
        dueMinor: 34_006n,
        refundMinor,
        feeRefundMinor,
      });
    },
  );
  test("when it was more than a late cancellation gives back, then that gives back nothing", () => {
    const late = before({ hours: 1 });
    for (const [doneMinor, refundMinor] of [
      [14_502n, 1n],
      [14_503n, 0n],
      [14_504n, 0n],
    ] as const) {
      const given = { ...booking, refund: { currencyCode: "JOD", dueMinor: 0n, doneMinor } };
      expect(quoteCancellation(given, "CUSTOMER", late)).toMatchObject({ refundMinor, feeRefundMinor: 0n });
    }
  });
});

test("given a booking that is not paid, when it is cancelled, then there is nothing to give back", () => {
  const waiting = { ...booking, paymentState: "PENDING" as const };
  expect(quoteCancellation(waiting, "CUSTOMER", start)).toEqual({
    penaltyMinor: 0n,
    dueMinor: 0n,
    refundMinor: 0n,
    feeRefundMinor: 0n,
  });
});

describe("given steps of 30 % within 12 h, 80 % within 3 h and 95 % within an hour (BK-05)", () => {
  const penaltySteps = [
    { withinMinutes: 180, percent: 80 },
    { withinMinutes: 720, percent: 30 },
    { withinMinutes: 60, percent: 95 },
  ];
  const booking = paidBooking(
    [{ priceMinor: 10_001n, policy: { ...usualPolicy, latePenaltyPercent: 10, penaltySteps } }],
    start,
  );
  const rows = [
    ["at the end of the free window", before({ minutes: 1440 }), 0n],
    ["right after it", before({ minutes: 1440 }).add(tick), 1_000n],
    ["right before the first step", before({ minutes: 720 }).subtract(tick), 1_000n],
    // 30 % of 100.01 is 30.003.
    ["at the first step", before({ minutes: 720 }), 3_000n],
    ["right before the second", before({ minutes: 180 }).subtract(tick), 3_000n],
    ["at the second", before({ minutes: 180 }), 8_001n],
    ["right before the third", before({ minutes: 60 }).subtract(tick), 8_001n],
    ["at the third", before({ minutes: 60 }), 9_501n],
    ["right before the start", start.subtract(tick), 9_501n],
    ["at the start", start, 10_001n],
  ] as const;
  test.each(rows)("when the customer cancels %s, then the penalty is that of the step", (_, at, penaltyMinor) => {
    expect(quoteCancellation(booking, "CUSTOMER", at).penaltyMinor).toBe(penaltyMinor);
    expect(quoteCancellation(booking, "PROVIDER", at)).toMatchObject({ penaltyMinor: 0n, dueMinor: 11_501n });
  });
});

describe("given two services with terms of their own", () => {
  const strict = { ...usualPolicy, freeWindowMinutes: 2880, latePenaltyPercent: 15, noShowPenaltyPercent: 100 };
  const lax = { ...usualPolicy, freeWindowMinutes: 60, latePenaltyPercent: 50, noShowPenaltyPercent: 30 };
  const booking = paidBooking(
    [
      { priceMinor: 10_003n, policy: strict },
      { priceMinor: 5_001n, policy: lax },
    ],
    start,
  );
  const rows = [
    ["in both free windows", before({ minutes: 2880 }), 0n, 1_000n],
    // 15 % of 100.03 is 15.0045; the other is free still, the fee is not.
    ["in that of the second only", before({ minutes: 2880 }).add(tick), 1_500n, 0n],
    ["at the end of it", before({ minutes: 60 }), 1_500n, 0n],
    // … and 50 % of 50.01, half up.
    ["in neither", before({ minutes: 60 }).add(tick), 4_001n, 0n],
    ["from the start on", start, 11_503n, 0n],
  ] as const;
  test.each(rows)("when it is cancelled %s, then each is charged by its own price", (_, at, penaltyMinor, fee) => {
    expect(quoteCancellation(booking, "CUSTOMER", at)).toMatchObject({ penaltyMinor, feeRefundMinor: fee });
  });
  test("when the free window is shown, then it ends with the first of both", () => {
    expect(freeUntil(booking.policy, start)).toEqual(before({ minutes: 2880 }));
  });
});

test("given a free window of nothing, then cancelling is free until right before the start, the fee included", () => {
  const booking = paidBooking([{ priceMinor: 10_000n, policy: { ...usualPolicy, freeWindowMinutes: 0 } }], start);
  expect(quoteCancellation(booking, "CUSTOMER", start.subtract(tick))).toMatchObject({
    penaltyMinor: 0n,
    feeRefundMinor: 1_000n,
  });
  expect(quoteCancellation(booking, "CUSTOMER", start)).toEqual({
    penaltyMinor: 10_000n,
    dueMinor: 0n,
    refundMinor: 0n,
    feeRefundMinor: 0n,
  });
});

describe("given a deposit of 30 % of 100 AED, 5 % tax: 30 + 1.50 + 10 of fee paid online (BK-07)", () => {
  const deposit = (more: Partial<Policy> = {}) =>
    paidBooking([{ priceMinor: 10_000n, policy: { ...usualPolicy, depositPercent: 30, ...more } }], start);
  const rows = [
    ["while it is free", before({ minutes: 1440 }), {}, { penaltyMinor: 0n, dueMinor: 4_150n, feeRefundMinor: 1_000n }],
    // 20 % of 100 is kept, and of 1.50 tax on 30 the two thirds on 20.
    [
      "for 20 %",
      before({ minutes: 60 }),
      { latePenaltyPercent: 20 },
      { penaltyMinor: 2_000n, dueMinor: 1_050n, feeRefundMinor: 0n },
    ],
    [
      "for 29 %",
      before({ minutes: 60 }),
      { latePenaltyPercent: 29 },
      { penaltyMinor: 2_900n, dueMinor: 105n, feeRefundMinor: 0n },
    ],
    [
      "for as much",
      before({ minutes: 60 }),
      { latePenaltyPercent: 30 },
      { penaltyMinor: 3_000n, dueMinor: 0n, feeRefundMinor: 0n },
    ],
    [
      "for more",
      before({ minutes: 60 }),
      { latePenaltyPercent: 31 },
      { penaltyMinor: 3_000n, dueMinor: 0n, feeRefundMinor: 0n },
    ],
    ["from the start on", start, {}, { penaltyMinor: 3_000n, dueMinor: 0n, feeRefundMinor: 0n }],
  ] as const;
  test.each(rows)("when it is cancelled %s, then at most the deposit is kept", (_, at, more, quote) => {
    expect(quoteCancellation(deposit(more), "CUSTOMER", at)).toEqual({ ...quote, refundMinor: quote.dueMinor });
  });
  test("when the provider cancels, then all of what was paid goes back, and no more", () => {
    expect(quoteCancellation(deposit(), "PROVIDER", start)).toMatchObject({ penaltyMinor: 0n, dueMinor: 4_150n });
  });
});

test("given any terms, when it is cancelled at any time, then payment's split of the refund leaves exactly the penalty", () => {
  const percent = fc.integer({ min: 0, max: 100 });
  const item = fc.record({
    priceMinor: fc.bigInt({ min: 0n, max: 100_000n }),
    policy: fc
      .record({
        freeWindowMinutes: fc.integer({ min: 0, max: 2_000 }),
        late: percent,
        noShow: percent,
        deposit: percent,
      })
      .map(({ freeWindowMinutes, late, noShow, deposit }) => ({
        ...usualPolicy,
        freeWindowMinutes,
        latePenaltyPercent: late,
        noShowPenaltyPercent: noShow,
        depositPercent: deposit,
      })),
  });
  const given = fc.tuple(
    fc.array(item, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 0, max: 2_500 }),
    fc.integer({ min: -10, max: 2_100 }),
  );
  fc.assert(
    fc.property(given, ([priced, taxBasisPoints, minutes]) => {
      const booking = paidBooking(priced, start, taxBasisPoints);
      const { dueNowServiceMinor, dueNowTaxMinor, dueNowMinor } = booking.price;
      const quote = quoteCancellation(booking, "CUSTOMER", before({ minutes }));
      expect(quote.penaltyMinor <= dueNowServiceMinor).toBe(true);
      expect(quote.dueMinor >= 0n && quote.dueMinor <= dueNowMinor).toBe(true);
      // As payment splits what it gives back: service and tax in proportion, the odd unit the tax's, the fee last.
      const sold = dueNowServiceMinor + dueNowTaxMinor;
      const service = quote.dueMinor >= sold ? dueNowServiceMinor : (dueNowServiceMinor * quote.dueMinor) / sold;
      expect(dueNowServiceMinor - service).toBe(quote.penaltyMinor);
    }),
  );
});
