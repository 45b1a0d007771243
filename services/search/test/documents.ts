import { earthRadiusMetres } from "../src/domain/distance.ts";
import type { Document } from "../src/domain/document.ts";
import type { Question } from "../src/domain/question.ts";

export const abdali = { latitude: 31.9622, longitude: 35.9106 };

/** A point so many metres north of Abdali. */
export const north = (metres: number) => ({
  latitude: abdali.latitude + (metres / earthRadiusMetres) * (180 / Math.PI),
  longitude: abdali.longitude,
});

/** A UUID that tells its number. */
export const idOf = (number: number): string => `01900000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;

export const documentOf = (number: number, over: Partial<Document> = {}): Document => ({
  providerId: idOf(number),
  displayName: { en: `Salon ${number}`, ar: `صالون ${number}` },
  vertical: "salon",
  point: abdali,
  genderServed: "EVERYONE",
  verified: true,
  ratingAverage: 4,
  ratingCount: 3,
  offers: [{ serviceId: idOf(number), category: "haircut", currencyCode: "JOD", priceMinor: 25_000n }],
  words: ["salon", "haircut"],
  ...over,
});

export const questionOf = (over: Partial<Question> = {}): Question => ({
  point: abdali,
  radiusMetres: 10_000,
  words: [],
  vertical: undefined,
  category: undefined,
  isVerifiedOnly: false,
  minRating: 0,
  price: undefined,
  genderServed: undefined,
  ...over,
});
