import { GenderServed } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import type { SearchProvidersRequest } from "@dawr/gen/dawr/search/v1/search_pb.js";
import { invalid } from "@dawr/rpc";
import { checkPriceRange, type Question } from "../domain/question.ts";
import { wordsOf } from "../domain/words.ts";
import { lastIdOf } from "../store/copies.ts";

/** What a request asks; throws PRICE_RANGE_EMPTY. */
export function questionOf(request: SearchProvidersRequest, defaultRadiusMetres: number): Question {
  const { point, priceRange } = request;
  if (point === undefined) throw invalid("point");
  const price =
    priceRange === undefined
      ? undefined
      : {
          currencyCode: priceRange.currencyCode,
          minMinor: priceRange.minAmountMinor,
          maxMinor: priceRange.maxAmountMinor === 0n ? undefined : priceRange.maxAmountMinor,
        };
  if (price !== undefined) checkPriceRange(price);
  return {
    point: { latitude: point.latitude, longitude: point.longitude },
    radiusMetres: request.radiusMetres === 0 ? defaultRadiusMetres : request.radiusMetres,
    words: wordsOf(request.query).slice(0, mostWords),
    vertical: request.vertical === "" ? undefined : lastIdOf(request.vertical),
    category: request.category === "" ? undefined : lastIdOf(request.category),
    isVerifiedOnly: request.verifiedOnly,
    minRating: request.minRating,
    price,
    genderServed: genders.get(request.genderServed),
  };
}

/** Nobody types more; what follows is not looked at. */
const mostWords = 12;

const genders = new Map<GenderServed, NonNullable<Question["genderServed"]>>([
  [GenderServed.EVERYONE, "EVERYONE"],
  [GenderServed.WOMEN, "WOMEN"],
  [GenderServed.MEN, "MEN"],
]);
