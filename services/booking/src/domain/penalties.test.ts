import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { pricedItem, usualPolicy } from "../../test/terms.ts";
import { mergePolicies } from "./merge-policies.ts";
import type { Policy } from "./policy.ts";
import { atVenue, priceOf, withDeposits } from "./price.ts";
import { freeUntil, quoteCancellation } from "./quote-cancellation.ts";
import { quoteNoShow } from "./quote-no-show.ts";

const start = Temporal.Instant.from("2026-05-04T10:00:00Z");
const before = (minutes: number): Temporal.Instant => start.subtract({ minutes });
const tick = { nanoseconds: 1 };

type Priced = { readonly priceMinor: bigint; readonly policy: Policy };

/** A paid booking of items that each cost so much on terms of its own, in AED with 5 % tax and a fee of 10 AED. */
function paidFor(priced: readonly Priced[], taxBasisPoints = 500) {
  const full = priceOf({
    currencyCode: "AED",
    servicesMinor: priced.map(({ priceMinor }) => priceMinor),
    hotDiscountBasisPoints: 0,
    taxBasisPoints,
    feeMinor: 1_000n,
  });
  return {
    price: withDeposits(
      full,
      priced.map(({ priceMinor, policy }) => ({ priceMinor, depositPercent: policy.depositPercent })),
    ),
    policy: mergePolicies(priced),
    items: priced.map(({ priceMinor, policy }) => pricedItem(priceMinor, policy, start)),
    startTime: start,
    paymentState: "PAID" as const,
    refund: undefined,
  };
}

describe("given steps of 30 % within 12 h, 80 % within 3 h and 95 % within an hour (BK-05)", () => {
  const penaltySteps = [
    { withinMinutes: 180, percent: 80 },
    { withinMinutes: 720, percent: 30 },
    { withinMinutes: 60, percent: 95 },
  ];
  const booking = paidFor([{ priceMinor: 10_001n, policy: { ...usualPolicy, latePenaltyPercent: 10, penaltySteps } }]);
  const rows = [
    ["at the end of the free window", before(1440), 0n],
    ["right after it", before(1440).add(tick), 1_000n],
    ["right before the first step", before(720).subtract(tick), 1_000n],
    // 30 % of 100.01 is 30.003.
    ["at the first step", before(720), 3_000n],
    ["right before the second", before(180).subtract(tick), 3_000n],
    ["at the second", before(180), 8_001n],
    ["right before the third", before(60).subtract(tick), 8_001n],
    ["at the third", before(60), 9_501n],
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
  const booking = paidFor([
    { priceMinor: 10_003n, policy: strict },
    { priceMinor: 5_001n, policy: lax },
  ]);
  const rows = [
    ["in both free windows", before(2880), 0n, 1_000n],
    // 15 % of 100.03 is 15.0045; the other is free still, the fee is not.
    ["in that of the second only", before(2880).add(tick), 1_500n, 0n],
    ["at the end of it", before(60), 1_500n, 0n],
    // … and 50 % of 50.01, half up.
    ["in neither", before(60).add(tick), 4_001n, 0n],
    ["from the start on", start, 11_503n, 0n],
  ] as const;
  test.each(rows)("when it is cancelled %s, then each is charged by its own price", (_, at, penaltyMinor, fee) => {
    expect(quoteCancellation(booking, "CUSTOMER", at)).toMatchObject({ penaltyMinor, feeRefundMinor: fee });
  });
  test("when the free window is shown, then it ends with the first of both", () => {
    expect(freeUntil(booking.policy, start)).toEqual(before(2880));
  });
});

test("given a free window of nothing, then cancelling is free until right before the start, the fee included", () => {
  const booking = paidFor([{ priceMinor: 10_000n, policy: { ...usualPolicy, freeWindowMinutes: 0 } }]);
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
    paidFor([{ priceMinor: 10_000n, policy: { ...usualPolicy, depositPercent: 30, ...more } }]);
  const rows = [
    ["while it is free", before(1440), {}, { penaltyMinor: 0n, dueMinor: 4_150n, feeRefundMinor: 1_000n }],
    // 20 % of 100 is kept, and of 1.50 tax on 30 the two thirds on 20.
    [
      "for 20 %",
      before(60),
      { latePenaltyPercent: 20 },
      { penaltyMinor: 2_000n, dueMinor: 1_050n, feeRefundMinor: 0n },
    ],
    ["for 29 %", before(60), { latePenaltyPercent: 29 }, { penaltyMinor: 2_900n, dueMinor: 105n, feeRefundMinor: 0n }],
    ["for as much", before(60), { latePenaltyPercent: 30 }, { penaltyMinor: 3_000n, dueMinor: 0n, feeRefundMinor: 0n }],
    ["for more", before(60), { latePenaltyPercent: 31 }, { penaltyMinor: 3_000n, dueMinor: 0n, feeRefundMinor: 0n }],
    ["from the start on", start, {}, { penaltyMinor: 3_000n, dueMinor: 0n, feeRefundMinor: 0n }],
  ] as const;
  test.each(rows)("when it is cancelled %s, then at most the deposit is kept", (_, at, more, quote) => {
    expect(quoteCancellation(deposit(more), "CUSTOMER", at)).toEqual({ ...quote, refundMinor: quote.dueMinor });
  });
  test("when the provider cancels, then all of what was paid goes back, and no more", () => {
    expect(quoteCancellation(deposit(), "PROVIDER", start)).toMatchObject({ penaltyMinor: 0n, dueMinor: 4_150n });
  });
});

describe("when the customer does not come", () => {
  const booking = paidFor([{ priceMinor: 10_000n, policy: { ...usualPolicy, noShowPenaltyPercent: 70 } }]);
  test("then it costs what cancelling from the start on does, and nobody is absent before", () => {
    expect(quoteNoShow(booking, start)).toEqual({
      penaltyMinor: 7_000n,
      dueMinor: 3_150n,
      refundMinor: 3_150n,
      feeRefundMinor: 0n,
    });
    expect(quoteNoShow(booking, start.add({ hours: 24 }))).toEqual(quoteNoShow(booking, start));
    expect(() => quoteNoShow(booking, start.subtract(tick))).toThrow(
      expect.objectContaining({ reason: "TOO_EARLY", metadata: { from_time: "2026-05-04T10:00:00Z" } }),
    );
  });
  test("then what was given back before is taken off, and who paid at the venue owes nothing here", () => {
    const given = { ...booking, refund: { currencyCode: "AED", dueMinor: 0n, doneMinor: 3_000n } };
    expect(quoteNoShow(given, start)).toMatchObject({ dueMinor: 3_150n, refundMinor: 150n });
    const cash = { ...booking, price: atVenue(booking.price), paymentState: "NONE" as const };
    expect(quoteNoShow(cash, start)).toMatchObject({ penaltyMinor: 0n, dueMinor: 0n });
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
      const booking = paidFor(priced, taxBasisPoints);
      const { dueNowServiceMinor, dueNowTaxMinor, dueNowMinor } = booking.price;
      const quote = quoteCancellation(booking, "CUSTOMER", before(minutes));
      expect(quote.penaltyMinor <= dueNowServiceMinor).toBe(true);
      expect(quote.dueMinor >= 0n && quote.dueMinor <= dueNowMinor).toBe(true);
      // As payment splits what it gives back: service and tax in proportion, the odd unit the tax's, the fee last.
      const sold = dueNowServiceMinor + dueNowTaxMinor;
      const service = quote.dueMinor >= sold ? dueNowServiceMinor : (dueNowServiceMinor * quote.dueMinor) / sold;
      expect(dueNowServiceMinor - service).toBe(quote.penaltyMinor);
    }),
  );
});
