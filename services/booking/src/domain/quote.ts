import type { LocalizedText, PaymentMethod } from "./booking.ts";
import { BookingError } from "./errors.ts";
import { mergePolicies } from "./merge-policies.ts";
import type { Place } from "./place.ts";
import { isSamePolicy, type Policy } from "./policy.ts";
import { apportion, atVenue, isSamePrice, type Price, priceOf, withDeposits } from "./price.ts";

/** What a quote promises, and for what. */
export type Quote = {
  readonly providerId: string;
  readonly startTime: Temporal.Instant;
  readonly partySize: number;
  readonly items: readonly QuotedItem[];
  readonly price: Price;
  /** The terms as a whole: of each the strictest of the items'. */
  readonly policy: Policy;
  readonly paymentMethod: PaymentMethod;
  readonly place: Place;
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
  /** The service's own terms. */
  readonly policy: Policy;
};

/** What a price is worked out from. */
export type Terms = Omit<Quote, "price" | "policy" | "expireTime" | "isHot"> & {
  readonly currencyCode: string;
  readonly feeMinor: bigint;
  readonly taxBasisPoints: number;
  /** The provider's offer for slots that start soon. (AV-04) */
  readonly hotWindowMinutes: number;
  readonly hotDiscountPercent: number;
};

/** Works out what a customer is promised now, good for `lifetime`: online a deposit where the terms ask for one. (BK-07) */
export function makeQuote(terms: Terms, lifetime: Temporal.Duration, at: Temporal.Instant): Quote {
  const { providerId, startTime, partySize, paymentMethod, place, minAgeYears } = terms;
  const isHot = isHotStart(startTime, terms.hotWindowMinutes, at);
  const sums = priceOf({
    currencyCode: terms.currencyCode,
    servicesMinor: terms.items.map((item) => item.priceMinor),
    hotDiscountBasisPoints: isHot ? terms.hotDiscountPercent * 100 : 0,
    taxBasisPoints: terms.taxBasisPoints,
    feeMinor: terms.feeMinor,
  });
  const items = takeOff(terms.items, sums.discountMinor);
  const policy = mergePolicies(items);
  const deposits = items.map((item) => ({ ...item, depositPercent: item.policy.depositPercent }));
  const price = paymentMethod === "CASH" ? atVenue(sums) : withDeposits(sums, deposits);
  const expireTime = at.add(lifetime);
  return {
    providerId,
    startTime,
    partySize,
    items,
    policy,
    paymentMethod,
    place,
    minAgeYears,
    price,
    isHot,
    expireTime,
  };
}

/** Refuses with PAYMENT_METHOD_NOT_OFFERED to pay at the venue where not every item's terms accept cash. (BK-05) */
export function requireMethodOffered({ paymentMethod, policy }: Pick<Quote, "paymentMethod" | "policy">): void {
  if (paymentMethod === "CASH" && !policy.acceptsCash) {
    throw new BookingError("PAYMENT_METHOD_NOT_OFFERED", { payment_method: paymentMethod });
  }
}

/** Takes the discount off the items' prices, each by its share, so that they add up to the service price to the minor unit. */
function takeOff(items: readonly QuotedItem[], discountMinor: bigint): readonly QuotedItem[] {
  const partsMinor = apportion(
    discountMinor,
    items.map((item) => item.priceMinor),
  );
  return items.map((item, index) => ({ ...item, priceMinor: item.priceMinor - (partsMinor[index] ?? 0n) }));
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

/** Whether two quotes promise the same: every part of the price, the terms of every item and the way of paying. */
export function isSameOffer(one: Quote, other: Quote): boolean {
  return (
    one.paymentMethod === other.paymentMethod &&
    isSamePrice(one.price, other.price) &&
    one.items.length === other.items.length &&
    one.items.every((item, index) => {
      const twin = other.items[index];
      return (
        twin?.priceMinor === item.priceMinor &&
        twin.feeMinor === item.feeMinor &&
        isSamePolicy(item.policy, twin.policy)
      );
    })
  );
}

function itemFits(quoted: QuotedItem, held: Quotable["items"][number] | undefined): boolean {
  if (held === undefined || quoted.serviceId !== held.serviceId) return false;
  // Who asked for somebody pays that person's price, not the one of whoever is free.
  if (quoted.staffId === undefined ? held.isStaffChosen : quoted.staffId !== held.staffId) return false;
  return [...quoted.addOnNames].sort().join() === [...held.addOnNames].sort().join();
}
