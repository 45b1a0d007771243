import type { Parts } from "./payment.ts";

/**
 * Splits an amount over what is left of a payment's parts: over service and tax in proportion, and over the platform's fee
 * only what goes beyond both, because a cancellation gives the fee back with all the rest or not at all. The odd minor unit
 * is the tax's, so that a penalty that is kept with its tax rounded down comes out as it was quoted. (BK-05) Never more of
 * a part than is left of it, and the last refund takes exactly what is left. The amount is between 0 and the sum of what
 * is left.
 */
export function splitRefund(left: Parts, amountMinor: bigint): Parts {
  const soldMinor = left.serviceMinor + left.taxMinor;
  if (amountMinor >= soldMinor) return { ...left, feeMinor: amountMinor - soldMinor };
  const serviceMinor = (left.serviceMinor * amountMinor) / soldMinor;
  return { serviceMinor, taxMinor: amountMinor - serviceMinor, feeMinor: 0n };
}
