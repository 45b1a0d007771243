import { distanceMetres, type Point } from "./distance.ts";
import type { Document, GenderServed, Offer } from "./document.ts";
import { SearchError } from "./errors.ts";
import { meansWord } from "./typos.ts";

/** What somebody looks for. (SE-01) */
export type Question = {
  readonly point: Point;
  readonly radiusMetres: number;
  /** As wordsOf() has them; each must be met. */
  readonly words: readonly string[];
  readonly vertical: string | undefined;
  readonly category: string | undefined;
  readonly isVerifiedOnly: boolean;
  /** Stars; 0 for all. */
  readonly minRating: number;
  readonly price: PriceRange | undefined;
  readonly genderServed: GenderServed | undefined;
};

/** Prices from and to, both included; no upper end without `maxMinor`. */
export type PriceRange = {
  readonly currencyCode: string;
  readonly minMinor: bigint;
  readonly maxMinor: bigint | undefined;
};

/** Refuses with PRICE_RANGE_EMPTY prices that nothing can have. */
export function checkPriceRange({ currencyCode, minMinor, maxMinor }: PriceRange): void {
  if (maxMinor !== undefined && maxMinor < minMinor) {
    throw new SearchError("PRICE_RANGE_EMPTY", {
      currency_code: currencyCode,
      min_minor: String(minMinor),
      max_minor: String(maxMinor),
    });
  }
}

/**
 * The names of the filters that keep a provider out; none when it is found. A category and a range of prices must be met
 * by one and the same service.
 */
export function failedFilters(document: Document, question: Question): readonly string[] {
  const checks: readonly (readonly [string, boolean])[] = [
    ["radius_metres", isWithin(document, question)],
    ["query", question.words.every((asked) => document.words.some((word) => meansWord(asked, word)))],
    ["vertical", question.vertical === undefined || question.vertical === document.vertical],
    [
      "category",
      question.category === undefined || document.offers.some((offer) => offer.category === question.category),
    ],
    ["price_range", question.price === undefined || document.offers.some((offer) => isAsked(offer, question))],
    ["verified_only", !question.isVerifiedOnly || document.verified],
    ["min_rating", document.ratingAverage >= question.minRating],
    ["gender_served", serves(document.genderServed, question.genderServed)],
  ];
  return checks.flatMap(([name, isMet]) => (isMet ? [] : [name]));
}

/** Whether a point lies within the radius, its edge included. */
export function isWithin(
  { point }: { readonly point: Point },
  question: Pick<Question, "point" | "radiusMetres">,
): boolean {
  return distanceMetres(point, question.point) <= question.radiusMetres;
}

function isAsked(offer: Offer, { category, price }: Question): boolean {
  if (category !== undefined && offer.category !== category) return false;
  if (price === undefined) return true;
  if (offer.currencyCode !== price.currencyCode || offer.priceMinor < price.minMinor) return false;
  return price.maxMinor === undefined || offer.priceMinor <= price.maxMinor;
}

/** Who serves everyone serves women and men; whoever asks for everyone wants just that. */
function serves(served: GenderServed, asked: GenderServed | undefined): boolean {
  return asked === undefined || served === asked || served === "EVERYONE";
}
