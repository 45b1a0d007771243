import { describe, expect, test } from "@jest/globals";
import { pricedItem, usualPolicy } from "../../test/terms.ts";
import type { Policy } from "./policy.ts";
import { priceOf } from "./price.ts";
import { quoteCancellation } from "./quote-cancellation.ts";

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
