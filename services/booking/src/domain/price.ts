/** What the customer pays: services, tax and platform fee, in minor units of one currency. */
export type Price = {
  readonly currencyCode: string;
  /** The sum of the services after the discount of hot slots. */
  readonly serviceMinor: bigint;
  readonly discountMinor: bigint;
  readonly taxMinor: bigint;
  readonly feeMinor: bigint;
  readonly totalMinor: bigint;
  /** What of the total is paid online, and what of service, tax and fee that is. (BK-07) */
  readonly dueNowMinor: bigint;
  readonly dueNowServiceMinor: bigint;
  readonly dueNowTaxMinor: bigint;
  readonly dueNowFeeMinor: bigint;
  /** What of the total is paid at the venue. */
  readonly dueAtVenueMinor: bigint;
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

/**
 * Adds up what the customer pays: service price + tax + platform fee; tax is on the services after discount. All of it is
 * paid online.
 */
export function priceOf(input: PriceInput): Price {
  const fullMinor = sumOf(input.servicesMinor);
  const discountMinor = share(fullMinor, input.hotDiscountBasisPoints);
  const serviceMinor = fullMinor - discountMinor;
  const taxMinor = share(serviceMinor, input.taxBasisPoints);
  const { currencyCode, feeMinor } = input;
  const totalMinor = serviceMinor + taxMinor + feeMinor;
  const sums = { currencyCode, serviceMinor, discountMinor, taxMinor, feeMinor, totalMinor };
  return payNow(sums, { serviceMinor, taxMinor, feeMinor });
}

/**
 * The same price with deposits paid online: of each item its percentage of price and tax, each rounded half up, and the
 * platform's whole fee; 0 per cent stands for all. The items' prices add up to the service price. (BK-07)
 */
export function withDeposits(
  price: Price,
  items: readonly { readonly priceMinor: bigint; readonly depositPercent: number }[],
): Price {
  const taxesMinor = apportion(
    price.taxMinor,
    items.map(({ priceMinor }) => priceMinor),
  );
  const due = (minor: bigint, percent: number) => (percent === 0 ? minor : share(minor, percent * 100));
  return payNow(price, {
    serviceMinor: sumOf(items.map((item) => due(item.priceMinor, item.depositPercent))),
    taxMinor: sumOf(items.map((item, index) => due(taxesMinor[index] ?? 0n, item.depositPercent))),
    feeMinor: price.feeMinor,
  });
}

/** The same price with nothing paid online and all of it at the venue. */
export function atVenue(price: Price): Price {
  return payNow(price, { serviceMinor: 0n, taxMinor: 0n, feeMinor: 0n });
}

type Sums = Pick<Price, "currencyCode" | "serviceMinor" | "discountMinor" | "taxMinor" | "feeMinor" | "totalMinor">;

function payNow(price: Sums, now: Pick<Price, "serviceMinor" | "taxMinor" | "feeMinor">): Price {
  const dueNowMinor = now.serviceMinor + now.taxMinor + now.feeMinor;
  return {
    ...price,
    dueNowMinor,
    dueNowServiceMinor: now.serviceMinor,
    dueNowTaxMinor: now.taxMinor,
    dueNowFeeMinor: now.feeMinor,
    dueAtVenueMinor: price.totalMinor - dueNowMinor,
  };
}

/** Whether two prices are the same in every part. */
export function isSamePrice(one: Price, other: Price): boolean {
  return (
    one.currencyCode === other.currencyCode &&
    one.serviceMinor === other.serviceMinor &&
    one.discountMinor === other.discountMinor &&
    one.taxMinor === other.taxMinor &&
    one.feeMinor === other.feeMinor &&
    // The totals are the sums of these.
    one.dueNowServiceMinor === other.dueNowServiceMinor &&
    one.dueNowTaxMinor === other.dueNowTaxMinor &&
    one.dueNowFeeMinor === other.dueNowFeeMinor
  );
}

/**
 * Splits an amount over weights so that the parts add up to it to the minor unit, each as near to its share as rounding the
 * sums before and after it half up allows; all parts are 0 when the weights are.
 */
export function apportion(amountMinor: bigint, weights: readonly bigint[]): readonly bigint[] {
  const full = sumOf(weights);
  if (full === 0n) return weights.map(() => 0n);
  const upTo = (weight: bigint) => (2n * amountMinor * weight + full) / (2n * full);
  let before = 0n;
  return weights.map((weight) => {
    const after = before + weight;
    const partMinor = upTo(after) - upTo(before);
    before = after;
    return partMinor;
  });
}

/** A share of an amount in hundredths of a per cent, rounded half up to the minor unit. */
export function share(amountMinor: bigint, basisPoints: number): bigint {
  return (amountMinor * BigInt(basisPoints) + 5_000n) / 10_000n;
}

function sumOf(amountsMinor: readonly bigint[]): bigint {
  return amountsMinor.reduce((sum, minor) => sum + minor, 0n);
}
