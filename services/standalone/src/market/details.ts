import type { Bilingual } from "./places.ts";

/** What can be added to a service of a vertical; the price is what it costs in Amman, in JOD. */
export type Extra = { readonly name: Bilingual; readonly minutes: number; readonly priceJod: number };

/** Add-ons by vertical. */
export const extras: ReadonlyMap<string, readonly Extra[]> = new Map([
  [
    "salon",
    [
      { name: { en: "Deep conditioning", ar: "ترطيب عميق" }, minutes: 15, priceJod: 5 },
      { name: { en: "Scalp massage", ar: "تدليك فروة الرأس" }, minutes: 10, priceJod: 3 },
    ],
  ],
  [
    "barber",
    [
      { name: { en: "Hair wash", ar: "غسيل الشعر" }, minutes: 5, priceJod: 1 },
      { name: { en: "Face mask", ar: "ماسك للوجه" }, minutes: 10, priceJod: 3 },
    ],
  ],
  ["aesthetic-clinic", [{ name: { en: "Soothing mask", ar: "ماسك مهدئ" }, minutes: 15, priceJod: 12 }]],
  ["pet-clinic", [{ name: { en: "Nail clipping", ar: "قص الأظافر" }, minutes: 10, priceJod: 4 }]],
]);

/** What staff members are called by what they do. */
export const titles: ReadonlyMap<string, readonly Bilingual[]> = new Map([
  [
    "salon",
    [
      { en: "Senior stylist", ar: "مصففة شعر أولى" },
      { en: "Stylist", ar: "مصففة شعر" },
    ],
  ],
  [
    "barber",
    [
      { en: "Master barber", ar: "حلاق أول" },
      { en: "Barber", ar: "حلاق" },
    ],
  ],
  [
    "aesthetic-clinic",
    [
      { en: "Dermatologist", ar: "طبيب جلدية" },
      { en: "Aesthetic nurse", ar: "ممرضة تجميل" },
    ],
  ],
  [
    "stylist",
    [
      { en: "Senior stylist", ar: "منسقة أزياء أولى" },
      { en: "Stylist", ar: "منسقة أزياء" },
    ],
  ],
  [
    "pet-clinic",
    [
      { en: "Veterinarian", ar: "طبيب بيطري" },
      { en: "Groomer", ar: "مختصة تنظيف" },
    ],
  ],
]);

/** One sentence about a business, with its district. */
export const descriptionOf = (noun: Bilingual, district: Bilingual): Bilingual => ({
  en: `${noun.en} in ${district.en}: experienced staff, clean tools and fair prices.`,
  ar: `${noun.ar} في ${district.ar}: فريق خبير وأدوات نظيفة وأسعار مناسبة.`,
});
