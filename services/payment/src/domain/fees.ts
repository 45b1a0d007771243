import { PaymentError } from "./errors.ts";
import { ceilToWholeUnit, minorOfMajorText } from "./money.ts";

/** The platform fee of one service by its price: below the threshold, and from it on (the threshold included). (PY-03) */
type FeeRule = { readonly thresholdMinor: bigint; readonly belowMinor: bigint; readonly fromMinor: bigint };

/** The rule of each currency in which services may be sold. */
export type FeeTable = ReadonlyMap<string, FeeRule>;

/** The fees of several services: one line each, what the rounding added, and the sum that is charged; minor units. */
export type FeeBreakdown = {
  readonly currencyCode: string;
  readonly lines: readonly { readonly priceMinor: bigint; readonly feeMinor: bigint }[];
  readonly roundingMinor: bigint;
  readonly totalMinor: bigint;
};

/**
 * The platform fee for services of the given prices in minor units; the sum of the fees, not of the prices, is rounded up
 * to a whole unit of the currency. A free service bears no fee: there is no payment to take it from. Throws
 * CURRENCY_NOT_SUPPORTED, AMOUNTS_INCONSISTENT. (PY-03)
 */
export function quoteFees(table: FeeTable, currencyCode: string, pricesMinor: readonly bigint[]): FeeBreakdown {
  const rule = table.get(currencyCode);
  if (rule === undefined) throw new PaymentError("CURRENCY_NOT_SUPPORTED", { currency_code: currencyCode });
  const lines = pricesMinor.map((priceMinor) => ({ priceMinor, feeMinor: feeOf(rule, priceMinor) }));
  const sumMinor = lines.reduce((sum, line) => sum + line.feeMinor, 0n);
  const totalMinor = ceilToWholeUnit({ currencyCode, amountMinor: sumMinor });
  return { currencyCode, lines, roundingMinor: totalMinor - sumMinor, totalMinor };
}

/**
 * Reads a fee table such as "JOD 25:2/5, AED 130:10/26" in major units: threshold, fee below it, fee from it on.
 * Undefined when the text is no such table.
 */
export function parseFeeTable(text: string): FeeTable | undefined {
  const table = new Map<string, FeeRule>();
  for (const item of text.split(",")) {
    const match = /^([A-Z]{3}) ([\d.]+):([\d.]+)\/([\d.]+)$/.exec(item.trim());
    const [, currencyCode = "", threshold = "", below = "", from = ""] = match ?? [];
    if (match === null || table.has(currencyCode)) return undefined;
    const rule = ruleOf(currencyCode, threshold, below, from);
    if (rule === undefined) return undefined;
    table.set(currencyCode, rule);
  }
  return table;
}

/** The default table of PY-03, in the form that parseFeeTable reads. */
export const defaultFeeTable = "JOD 25:2/5, AED 130:10/26, SAR 130:11/27, USD 35:3/7";

function feeOf(rule: FeeRule, priceMinor: bigint): bigint {
  if (priceMinor < 0n) throw new PaymentError("AMOUNTS_INCONSISTENT", { amount_minor: String(priceMinor) });
  if (priceMinor === 0n) return 0n;
  return priceMinor < rule.thresholdMinor ? rule.belowMinor : rule.fromMinor;
}

function ruleOf(currencyCode: string, threshold: string, below: string, from: string): FeeRule | undefined {
  try {
    const [thresholdMinor, belowMinor, fromMinor] = [threshold, below, from].map((major) =>
      minorOfMajorText(currencyCode, major),
    );
    if (thresholdMinor === undefined || belowMinor === undefined || fromMinor === undefined) return undefined;
    return { thresholdMinor, belowMinor, fromMinor };
  } catch (error) {
    // A code that ISO 4217 does not know makes the table unreadable.
    if (error instanceof PaymentError) return undefined;
    throw error;
  }
}
