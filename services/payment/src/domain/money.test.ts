import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { exponentOf } from "./currency.ts";
import { PaymentError } from "./errors.ts";
import { ceilToWholeUnit, minorOfMajorText, sameMoney, toMajorText } from "./money.ts";

describe("currencies", () => {
  const rows: readonly (readonly [string, number])[] = [
    ["JOD", 3],
    ["KWD", 3],
    ["BHD", 3],
    ["AED", 2],
    ["SAR", 2],
    ["USD", 2],
    ["JPY", 0],
    ["CLF", 4],
  ];
  test.each(rows)("given %s, when its decimals are asked, then they are %i", (code, exponent) => {
    expect(exponentOf(code)).toBe(exponent);
  });

  test.each(["", "jod", "XXX", "JODX"])("given %p, which is no currency, when asked, then it is refused", (code) => {
    expect(() => exponentOf(code)).toThrow(new PaymentError("CURRENCY_NOT_SUPPORTED", { currency_code: code }));
  });
});

describe("whole units", () => {
  const rows: readonly (readonly [string, bigint, bigint])[] = [
    ["JOD", 0n, 0n],
    ["JOD", 1n, 1000n],
    ["JOD", 999n, 1000n],
    ["JOD", 1000n, 1000n],
    ["JOD", 1001n, 2000n],
    ["AED", 1n, 100n],
    ["AED", 100n, 100n],
    ["AED", 101n, 200n],
    ["JPY", 7n, 7n],
  ];
  test.each(rows)("given %s %p minor, when rounded up, then it is %p", (currencyCode, amountMinor, expected) => {
    expect(ceilToWholeUnit({ currencyCode, amountMinor })).toBe(expected);
  });
});

describe("major units", () => {
  const rows: readonly (readonly [string, bigint, string])[] = [
    ["JOD", 1500n, "1.500"],
    ["JOD", 5n, "0.005"],
    ["AED", 13000n, "130.00"],
    ["JPY", 130n, "130"],
    ["AED", -5n, "-0.05"],
  ];
  test.each(rows)("given %s %p minor, when written, then it is %p", (currencyCode, amountMinor, expected) => {
    expect(toMajorText({ currencyCode, amountMinor })).toBe(expected);
  });

  test.each([
    ["AED", "1.001"],
    ["JPY", "1.0"],
    ["JOD", "-1"],
    ["JOD", "1,5"],
    ["JOD", ""],
  ])("given %s and %p, when read, then it is no amount", (currencyCode, text) => {
    expect(minorOfMajorText(currencyCode, text)).toBeUndefined();
  });

  test("given any amount, when it is written and read, then it is the same", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("JOD", "AED", "JPY"),
        fc.bigInt({ min: 0n, max: 10n ** 14n }),
        (code, amountMinor) => {
          expect(minorOfMajorText(code, toMajorText({ currencyCode: code, amountMinor }))).toBe(amountMinor);
        },
      ),
    );
  });

  test("given the same number in two currencies, when compared, then they differ", () => {
    expect(sameMoney({ currencyCode: "AED", amountMinor: 1n }, { currencyCode: "SAR", amountMinor: 1n })).toBe(false);
    expect(sameMoney({ currencyCode: "AED", amountMinor: 1n }, { currencyCode: "AED", amountMinor: 1n })).toBe(true);
  });
});
