import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { apportion, atVenue, isSamePrice, type Price, priceOf, withDeposits } from "./price.ts";

// 25.005 JOD, 16 % tax: 4.0008, fee 5 JOD.
const price = priceOf({
  currencyCode: "JOD",
  servicesMinor: [25_005n],
  hotDiscountBasisPoints: 0,
  taxBasisPoints: 1_600,
  feeMinor: 5_000n,
});
const sums = { currencyCode: "JOD", serviceMinor: 25_005n, discountMinor: 0n, taxMinor: 4_001n, feeMinor: 5_000n };

describe("what is paid online, and what at the venue (BK-07)", () => {
  const all = { dueNowServiceMinor: 25_005n, dueNowTaxMinor: 4_001n, dueNowFeeMinor: 5_000n, dueNowMinor: 34_006n };
  const rows = [
    ["no deposit", 0, { ...all, dueAtVenueMinor: 0n }],
    ["a deposit of all", 100, { ...all, dueAtVenueMinor: 0n }],
    // 12.5025 and 2.0005, each half up.
    [
      "half",
      50,
      {
        dueNowServiceMinor: 12_503n,
        dueNowTaxMinor: 2_001n,
        dueNowFeeMinor: 5_000n,
        dueNowMinor: 19_504n,
        dueAtVenueMinor: 14_502n,
      },
    ],
    // 0.25005 and 0.04001
    [
      "one per cent",
      1,
      {
        dueNowServiceMinor: 250n,
        dueNowTaxMinor: 40n,
        dueNowFeeMinor: 5_000n,
        dueNowMinor: 5_290n,
        dueAtVenueMinor: 28_716n,
      },
    ],
  ] as const;
  test.each(rows)("given %s, then the parts add up and the whole fee is paid online", (_, depositPercent, due) => {
    expect(withDeposits(price, [{ priceMinor: 25_005n, depositPercent }])).toEqual({
      ...sums,
      totalMinor: 34_006n,
      ...due,
    });
  });

  test("given two items, then each has its own percentage of its price and its share of the tax", () => {
    const two = priceOf({
      currencyCode: "AED",
      servicesMinor: [10_000n, 5_000n],
      hotDiscountBasisPoints: 0,
      taxBasisPoints: 500,
      feeMinor: 2_000n,
    });
    const items = [
      { priceMinor: 10_000n, depositPercent: 20 },
      { priceMinor: 5_000n, depositPercent: 0 },
    ];
    expect(withDeposits(two, items)).toMatchObject({
      dueNowServiceMinor: 7_000n,
      dueNowTaxMinor: 350n,
      dueNowFeeMinor: 2_000n,
      dueNowMinor: 9_350n,
      dueAtVenueMinor: 8_400n,
    });
  });

  test("given cash, then all of it is paid at the venue, the fee too", () => {
    expect(atVenue(price)).toEqual({
      ...sums,
      totalMinor: 34_006n,
      dueNowServiceMinor: 0n,
      dueNowTaxMinor: 0n,
      dueNowFeeMinor: 0n,
      dueNowMinor: 0n,
      dueAtVenueMinor: 34_006n,
    });
  });

  test("given any prices and deposits, then no part is more than there is of it, and both times make the total", () => {
    const item = fc.record({
      priceMinor: fc.bigInt({ min: 0n, max: 1_000_000n }),
      depositPercent: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 10 }), fc.integer({ min: 0, max: 2_500 }), (items, tax) => {
        const full = priceOf({
          currencyCode: "JOD",
          servicesMinor: items.map(({ priceMinor }) => priceMinor),
          hotDiscountBasisPoints: 0,
          taxBasisPoints: tax,
          feeMinor: 1_000n,
        });
        const due = withDeposits(full, items);
        expect(due.dueNowServiceMinor <= full.serviceMinor && due.dueNowTaxMinor <= full.taxMinor).toBe(true);
        expect(due.dueNowServiceMinor + due.dueNowTaxMinor + due.dueNowFeeMinor).toBe(due.dueNowMinor);
        expect(due.dueNowMinor + due.dueAtVenueMinor).toBe(full.totalMinor);
      }),
    );
  });
});

test("given weights, when an amount is split over them, then the parts add up to it", () => {
  expect(apportion(100n, [1n, 1n, 1n])).toEqual([33n, 34n, 33n]);
  expect(apportion(5n, [0n, 7n, 0n])).toEqual([0n, 5n, 0n]);
  expect(apportion(5n, [0n, 0n])).toEqual([0n, 0n]);
});

test("given two prices, then a difference in any part is one, be it only in what is due now", () => {
  expect(isSamePrice(price, { ...price })).toBe(true);
  expect(isSamePrice(price, { ...price, currencyCode: "AED" })).toBe(false);
  const parts: readonly (keyof Price)[] = [
    "serviceMinor",
    "discountMinor",
    "taxMinor",
    "feeMinor",
    "dueNowServiceMinor",
    "dueNowTaxMinor",
    "dueNowFeeMinor",
  ];
  for (const part of parts) expect([part, isSamePrice(price, { ...price, [part]: 1n })]).toEqual([part, false]);
});
