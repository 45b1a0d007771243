import type { Parts } from "./payment.ts";

/**
 * Splits an amount over what is left of a payment's parts, in proportion, to the minor unit: never more of a part than is
 * left of it, and the last refund takes exactly what is left. The amount is between 0 and the sum of what is left.
 */
export function splitRefund(left: Parts, amountMinor: bigint): Parts {
  const leftMinor = left.serviceMinor + left.taxMinor + left.feeMinor;
  if (leftMinor === 0n) return { serviceMinor: 0n, taxMinor: 0n, feeMinor: 0n };
  const shares = names.map((name) => {
    const exact = left[name] * amountMinor;
    return { name, minor: exact / leftMinor, rest: exact % leftMinor };
  });
  let missing = amountMinor - shares.reduce((sum, share) => sum + share.minor, 0n);
  const result: Record<keyof Parts, bigint> = { serviceMinor: 0n, taxMinor: 0n, feeMinor: 0n };
  // The greatest remainders get the missing units, at most one each: a remainder means that a unit more is still there.
  for (const share of shares.toSorted((a, b) => (a.rest < b.rest ? 1 : a.rest > b.rest ? -1 : 0))) {
    const extra = missing > 0n && share.rest > 0n ? 1n : 0n;
    missing -= extra;
    result[share.name] = share.minor + extra;
  }
  return result;
}

const names = ["serviceMinor", "taxMinor", "feeMinor"] as const;
