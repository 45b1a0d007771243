import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PaymentError } from "./errors.ts";
import { defaultFeeTable, type FeeTable, parseFeeTable, quoteFees } from "./fees.ts";

const table = tableOf(defaultFeeTable);

describe("quoteFees (PY-03)", () => {
  const rows: readonly (readonly [string, bigint, bigint])[] = [
    ["JOD", 0n, 0n],
    ["JOD", 1n, 2_000n],
    ["JOD", 24_999n, 2_000n],
    ["JOD", 25_000n, 5_000n],
    ["JOD", 25_001n, 5_000n],
    ["AED", 12_999n, 1_000n],
    ["AED", 13_000n, 2_600n],
    ["SAR", 12_999n, 1_100n],
    ["SAR", 13_000n, 2_700n],
    ["USD", 3_499n, 300n],
    ["USD", 3_500n, 700n],
  ];
  test.each(rows)(
    "given %s, when one service costs %p minor, then its fee is %p",
    (currencyCode, priceMinor, feeMinor) => {
      expect(quoteFees(table, currencyCode, [priceMinor])).toEqual({
        currencyCode,
        lines: [{ priceMinor, feeMinor }],
        roundingMinor: 0n,
        totalMinor: feeMinor,
      });
    },
  );

  test("given several services, when quoted, then each has its own fee by its own price", () => {
    expect(quoteFees(table, "JOD", [24_999n, 25_000n, 10_000n])).toEqual({
      currencyCode: "JOD",
      lines: [
        { priceMinor: 24_999n, feeMinor: 2_000n },
        { priceMinor: 25_000n, feeMinor: 5_000n },
        { priceMinor: 10_000n, feeMinor: 2_000n },
      ],
      roundingMinor: 0n,
      totalMinor: 9_000n,
    });
  });

  test("given fees that are no whole units, when quoted, then their sum is rounded up once", () => {
    const odd = tableOf("JOD 25:2.4/5.25");
    expect(quoteFees(odd, "JOD", [10_000n, 10_000n])).toEqual({
      currencyCode: "JOD",
      lines: [
        { priceMinor: 10_000n, feeMinor: 2_400n },
        { priceMinor: 10_000n, feeMinor: 2_400n },
      ],
      roundingMinor: 200n,
      totalMinor: 5_000n,
    });
  });

  test("given a currency without a rule, when quoted, then it is refused", () => {
    expect(() => quoteFees(table, "EUR", [1n])).toThrow(
      new PaymentError("CURRENCY_NOT_SUPPORTED", { currency_code: "EUR" }),
    );
  });

  test("given a negative price, when quoted, then it is refused", () => {
    expect(() => quoteFees(table, "JOD", [-1n])).toThrow(
      new PaymentError("AMOUNTS_INCONSISTENT", { amount_minor: "-1" }),
    );
  });

  test("given any prices, when quoted, then the total is whole, covers the lines, and exceeds them by less than a unit", () => {
    const odd = tableOf("JOD 25:1.337/4.001");
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 200_000n }), { maxLength: 8 }), (prices) => {
        const { lines, roundingMinor, totalMinor } = quoteFees(odd, "JOD", prices);
        expect(totalMinor % 1000n).toBe(0n);
        expect(roundingMinor >= 0n && roundingMinor < 1000n).toBe(true);
        expect(lines.reduce((sum, line) => sum + line.feeMinor, 0n) + roundingMinor).toBe(totalMinor);
      }),
    );
  });
});

describe("parseFeeTable", () => {
  test.each(["", "JOD", "JOD 25:2", "XXX 1:1/1", "JOD 25:2/5, JOD 25:2/5", "AED 1.001:1/2", "JOD -1:2/5"])(
    "given %p, when read, then it is no table",
    (text) => {
      expect(parseFeeTable(text)).toBeUndefined();
    },
  );

  test("given a table, when read, then amounts are minor units of each currency", () => {
    expect(parseFeeTable("JOD 25:2/5, JPY 3000:100/250")).toEqual(
      new Map([
        ["JOD", { thresholdMinor: 25_000n, belowMinor: 2_000n, fromMinor: 5_000n }],
        ["JPY", { thresholdMinor: 3_000n, belowMinor: 100n, fromMinor: 250n }],
      ]),
    );
  });
});

function tableOf(text: string): FeeTable {
  const read = parseFeeTable(text);
  if (read === undefined) throw new Error(`no fee table: ${text}`);
  return read;
}
