import { integerField, numberField } from "@dawr/config";

/** Search's settings. */
export const config = {
  SEARCH_DEFAULT_RADIUS_METRES: integerField(1_000, 20_000)
    .default(10_000)
    .describe("the radius where none is asked for (SE-01)"),
  SEARCH_CANDIDATES: integerField(1, 10_000)
    .default(1_000)
    .describe("the providers, nearest first, that are ranked at most"),
  SEARCH_WEIGHT_DISTANCE: numberField(0, 1).default(0.3).describe("how much nearness counts (SE-02)"),
  SEARCH_WEIGHT_RATING: numberField(0, 1).default(0.25).describe("how much the rating counts (SE-02)"),
  SEARCH_WEIGHT_AVAILABILITY: numberField(0, 1).default(0.25).describe("how much free time counts (SE-02)"),
  SEARCH_WEIGHT_VERIFICATION: numberField(0, 1).default(0.2).describe("how much checked papers count (SE-02)"),
  SEARCH_UNRATED_STARS: numberField(0, 5).default(3.5).describe("the stars that the unrated are ranked with"),
  SEARCH_UNVERIFIED_VALUE: numberField(0, 1)
    .default(0.7)
    .describe("the verification value of those whose papers are not checked"),
};
