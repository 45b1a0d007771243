/** What customers gave: how many ratings, and the sum of their stars. */
export type RatingTotal = { readonly count: number; readonly sum: number };

/** The average of 1 to 5 stars; 0 without ratings. (CA-08) */
export function averageOf({ count, sum }: RatingTotal): number {
  return count === 0 ? 0 : sum / count;
}
