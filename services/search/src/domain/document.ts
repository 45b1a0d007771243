import type { Point } from "./distance.ts";

/** A text by BCP 47 tag. */
export type Texts = Readonly<Record<string, string>>;

export type GenderServed = "EVERYONE" | "WOMEN" | "MEN";

/** A service that can be booked, as far as search cares. */
export type Offer = {
  readonly serviceId: string;
  /** The category's id. */
  readonly category: string;
  readonly currencyCode: string;
  readonly priceMinor: bigint;
};

/** A provider that can be found. */
export type Document = {
  readonly providerId: string;
  readonly displayName: Texts;
  /** The vertical's id. */
  readonly vertical: string;
  readonly point: Point;
  readonly genderServed: GenderServed;
  readonly verified: boolean;
  /** Average stars; 0 for the unrated. */
  readonly ratingAverage: number;
  readonly ratingCount: number;
  readonly offers: readonly Offer[];
  /** What it is found by: words of its names, its services and their categories. */
  readonly words: readonly string[];
};

/** How much of a provider's next 7 days is free. */
export type FreeShare = {
  readonly openMinutes: number;
  readonly freeMinutes: number;
  readonly nextFreeTime: Temporal.Instant | undefined;
};

/** What ranking looks at. */
export type Candidate = Pick<Document, "providerId" | "point" | "verified" | "ratingAverage" | "ratingCount"> &
  Pick<FreeShare, "openMinutes" | "freeMinutes">;
