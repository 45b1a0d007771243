import { distanceMetres } from "./distance.ts";
import type { Candidate } from "./document.ts";
import type { Question } from "./question.ts";

/** How much each part of a score counts, and what stands in for what is not known. (SE-02) */
export type RankingRules = {
  readonly weights: Weights;
  /** Stars of the unrated. */
  readonly unratedStars: number;
  readonly unverifiedValue: number;
};

export type Weights = {
  readonly distance: number;
  readonly rating: number;
  readonly availability: number;
  readonly verification: number;
};

/** The parts of a score, each from 0 to 1. */
type Parts = Weights;

/** A candidate with its score. */
export type Ranked = {
  readonly providerId: string;
  readonly distanceMetres: number;
  readonly parts: Parts;
  readonly score: number;
};

/** Scores one candidate: the sum of weight × value over the four parts. (SE-02) */
export function scoreOf(
  candidate: Candidate,
  question: Pick<Question, "point" | "radiusMetres">,
  rules: RankingRules,
): Ranked {
  const distance = distanceMetres(candidate.point, question.point);
  const stars = candidate.ratingCount === 0 ? rules.unratedStars : candidate.ratingAverage;
  const parts: Parts = {
    distance: Math.max(0, 1 - distance / question.radiusMetres),
    rating: stars / 5,
    availability: candidate.openMinutes === 0 ? 0 : candidate.freeMinutes / candidate.openMinutes,
    verification: candidate.verified ? 1 : rules.unverifiedValue,
  };
  const { weights } = rules;
  const score =
    weights.distance * parts.distance +
    weights.rating * parts.rating +
    weights.availability * parts.availability +
    weights.verification * parts.verification;
  return { providerId: candidate.providerId, distanceMetres: distance, parts, score };
}

/** The candidates, best first, ties by id. */
export function rank(
  candidates: readonly Candidate[],
  question: Pick<Question, "point" | "radiusMetres">,
  rules: RankingRules,
): readonly Ranked[] {
  return candidates.map((candidate) => scoreOf(candidate, question, rules)).sort(byPlace);
}

/** A place in the order; whoever comes after it is on the next page, whatever has changed meanwhile. */
export type Place = Pick<Ranked, "score" | "providerId">;

/** What follows a place. */
export function after(ranked: readonly Ranked[], place: Place | undefined): readonly Ranked[] {
  return place === undefined ? ranked : ranked.filter((one) => byPlace(one, place) > 0);
}

function byPlace(a: Place, b: Place): number {
  if (a.score !== b.score) return b.score - a.score;
  return a.providerId < b.providerId ? -1 : a.providerId > b.providerId ? 1 : 0;
}
