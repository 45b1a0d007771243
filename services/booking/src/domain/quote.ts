import type { LocalizedText, PaymentMethod } from "./booking.ts";
import { BookingError } from "./errors.ts";
import type { Policy } from "./policy.ts";
import { type Price, priceOf } from "./price.ts";

/** What a quote promises, and for what. */
export type Quote = {
  readonly providerId: string;
  readonly startTime: Temporal.Instant;
  readonly partySize: number;
  readonly items: readonly QuotedItem[];
  readonly price: Price;
  readonly policy: Policy;
  readonly paymentMethod: PaymentMethod;
  readonly isHot: boolean;
  /** The highest age that one of its services asks for; 0 for none. */
  readonly minAgeYears: number;
  readonly expireTime: Temporal.Instant;
};

/** One service of a quote; without a staff member, whoever is free. */
type QuotedItem = {
  readonly serviceId: string;
  readonly staffId: string | undefined;
  readonly addOnNames: readonly string[];
  readonly serviceName: LocalizedText;
  readonly priceMinor: bigint;
  readonly feeMinor: bigint;
};

/** What a price is worked out from. */
export type Terms = Omit<Quote, "price" | "expireTime" | "isHot"> & {
  readonly currencyCode: string;
  readonly feeMinor: bigint;
  readonly taxBasisPoints: number;
  /** The provider's offer for slots that start soon. (AV-04) */
  readonly hotWindowMinutes: number;
  readonly hotDiscountPercent: number;
};

/** Works out what a customer is promised now, good for `lifetime`. */
export function makeQuote(terms: Terms, lifetime: Temporal.Duration, at: Temporal.Instant): Quote {
  const isHot = isHotStart(terms.startTime, terms.hotWindowMinutes, at);
  const price = priceOf({
    currencyCode: terms.currencyCode,
    servicesMinor: terms.items.map((item) => item.priceMinor),
    hotDiscountBasisPoints: isHot ? terms.hotDiscountPercent * 100 : 0,
    taxBasisPoints: terms.taxBasisPoints,
    feeMinor: terms.feeMinor,
  });
  const { providerId, startTime, partySize, policy, paymentMethod, minAgeYears } = terms;
  const items = takeOff(terms.items, price.discountMinor);
  const expireTime = at.add(lifetime);
  return { providerId, startTime, partySize, items, policy, paymentMethod, minAgeYears, price, isHot, expireTime };
}

/** Takes the discount off the items' prices, each by its share, so that they add up to the service price to the minor unit. */
function takeOff(items: readonly QuotedItem[], discountMinor: bigint): readonly QuotedItem[] {
  const fullMinor = items.reduce((sum, item) => sum + item.priceMinor, 0n);
  if (fullMinor === 0n) return items;
  let before = 0n;
  return items.map((item) => {
    const after = before + item.priceMinor;
    const partMinor = (discountMinor * after) / fullMinor - (discountMinor * before) / fullMinor;
    before = after;
    return { ...item, priceMinor: item.priceMinor - partMinor };
  });
}

/** Whether a start is less than the hot window after now; exactly the window is not. (AV-04, S11) */
function isHotStart(startTime: Temporal.Instant, hotWindowMinutes: number, at: Temporal.Instant): boolean {
  return startTime.epochMilliseconds - at.epochMilliseconds < hotWindowMinutes * 60_000;
}

/** What a hold is, as far as a quote must fit it. */
export type Quotable = {
  readonly providerId: string;
  readonly startTime: Temporal.Instant;
  readonly partySize: number;
  readonly items: readonly {
    readonly serviceId: string;
    readonly staffId: string;
    readonly isStaffChosen: boolean;
    readonly addOnNames: readonly string[];
  }[];
};

/** Refuses a quote whose time is over (QUOTE_EXPIRED) or that is for something else than the hold (QUOTE_MISMATCH). */
export function requireFits(quote: Quote, hold: Quotable, paymentMethod: PaymentMethod, at: Temporal.Instant): void {
  if (Temporal.Instant.compare(at, quote.expireTime) >= 0) {
    throw new BookingError("QUOTE_EXPIRED", { expire_time: quote.expireTime.toString() });
  }
  const fits =
    quote.providerId === hold.providerId &&
    quote.startTime.equals(hold.startTime) &&
    quote.partySize === hold.partySize &&
    quote.paymentMethod === paymentMethod &&
    quote.items.length === hold.items.length &&
    quote.items.every((item, index) => itemFits(item, hold.items[index]));
  if (!fits) throw new BookingError("QUOTE_MISMATCH");
}

/** Whether two quotes promise the same: price, policy and way of paying. */
export function isSameOffer(one: Quote, other: Quote): boolean {
  const { price, policy } = one;
  return (
    one.paymentMethod === other.paymentMethod &&
    price.currencyCode === other.price.currencyCode &&
    price.serviceMinor === other.price.serviceMinor &&
    price.taxMinor === other.price.taxMinor &&
    price.feeMinor === other.price.feeMinor &&
    policy.freeWindowMinutes === other.policy.freeWindowMinutes &&
    policy.latePenaltyPercent === other.policy.latePenaltyPercent &&
    policy.noShowPenaltyPercent === other.policy.noShowPenaltyPercent &&
    policy.refundsFee === other.policy.refundsFee
  );
}

function itemFits(quoted: QuotedItem, held: Quotable["items"][number] | undefined): boolean {
  if (held === undefined || quoted.serviceId !== held.serviceId) return false;
  // Who asked for somebody pays that person's price, not the one of whoever is free.
  if (quoted.staffId === undefined ? held.isStaffChosen : quoted.staffId !== held.staffId) return false;
  return [...quoted.addOnNames].sort().join() === [...held.addOnNames].sort().join();
}
