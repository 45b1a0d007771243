import { exponentOf, wholeUnitMinor } from "./currency.ts";

/** An amount in minor units of its currency. */
export type Money = { readonly currencyCode: string; readonly amountMinor: bigint };

/** Whether two amounts are the same, currency included. */
export function sameMoney(a: Money, b: Money): boolean {
  return a.currencyCode === b.currencyCode && a.amountMinor === b.amountMinor;
}

/** The least whole unit of the currency that is not below the amount, in minor units; the amount is not negative. */
export function ceilToWholeUnit({ currencyCode, amountMinor }: Money): bigint {
  const unit = wholeUnitMinor(currencyCode);
  return ((amountMinor + unit - 1n) / unit) * unit;
}

/** An amount in major units with all decimals of its currency: "1.500" for 1500 fils. */
export function toMajorText({ currencyCode, amountMinor }: Money): string {
  const exponent = exponentOf(currencyCode);
  const sign = amountMinor < 0n ? "-" : "";
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(exponent + 1, "0");
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** Reads major units ("1.5", "130") into minor units; undefined for text that is no such amount of the currency. */
export function minorOfMajorText(currencyCode: string, text: string): bigint | undefined {
  const exponent = exponentOf(currencyCode);
  const match = /^(\d{1,15})(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const decimals = match[2] ?? "";
  if (decimals.length > exponent) return undefined;
  return BigInt((match[1] ?? "") + decimals.padEnd(exponent, "0"));
}
