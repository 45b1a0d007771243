/** What the customer pays: services, tax and platform fee, in minor units of one currency. */
export type Price = {
  readonly currencyCode: string;
  /** The sum of the services after the discount of hot slots. */
  readonly serviceMinor: bigint;
  readonly discountMinor: bigint;
  readonly taxMinor: bigint;
  readonly feeMinor: bigint;
  readonly totalMinor: bigint;
};

/** The parts that a price is made of; rates in hundredths of a per cent. */
export type PriceInput = {
  readonly currencyCode: string;
  readonly servicesMinor: readonly bigint[];
  readonly hotDiscountBasisPoints: number;
  readonly taxBasisPoints: number;
  /** From payment.QuoteFees (PY-03). */
  readonly feeMinor: bigint;
};

/** Adds up what the customer pays: service price + tax + platform fee; tax is on the services after discount. */
export function priceOf(input: PriceInput): Price {
  const fullMinor = input.servicesMinor.reduce((sum, minor) => sum + minor, 0n);
  const discountMinor = share(fullMinor, input.hotDiscountBasisPoints);
  const serviceMinor = fullMinor - discountMinor;
  const taxMinor = share(serviceMinor, input.taxBasisPoints);
  return {
    currencyCode: input.currencyCode,
    serviceMinor,
    discountMinor,
    taxMinor,
    feeMinor: input.feeMinor,
    totalMinor: serviceMinor + taxMinor + input.feeMinor,
  };
}

/** A share of an amount in hundredths of a per cent, rounded half up to the minor unit. */
export function share(amountMinor: bigint, basisPoints: number): bigint {
  return (amountMinor * BigInt(basisPoints) + 5_000n) / 10_000n;
}
