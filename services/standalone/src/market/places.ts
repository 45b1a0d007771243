/** A city of the demo market: where its providers lie and what they charge in. */
export type City = {
  readonly id: string;
  readonly name: Bilingual;
  readonly regionCode: string;
  readonly timeZone: string;
  readonly currencyCode: string;
  /** What a service that costs 10 JOD in Amman costs here, in minor units of the currency, and the step that prices are rounded to. */
  readonly tenJodMinor: number;
  readonly priceStepMinor: number;
  readonly providerCount: number;
  readonly weekend: readonly number[];
  readonly districts: readonly District[];
};

/** A text in English and Arabic. */
export type Bilingual = { readonly en: string; readonly ar: string };

/** Part of a city, with the middle of its shopping streets. */
export type District = { readonly name: Bilingual; readonly latitude: number; readonly longitude: number };

const district = (en: string, ar: string, latitude: number, longitude: number): District => ({
  name: { en, ar },
  latitude,
  longitude,
});

/** The demo market's cities. Weekdays count from 1 (Monday) to 7 (Sunday), as ISO 8601 has it. */
export const cities: readonly City[] = [
  {
    id: "amman",
    name: { en: "Amman", ar: "عمّان" },
    regionCode: "JO",
    timeZone: "Asia/Amman",
    currencyCode: "JOD",
    tenJodMinor: 10_000,
    priceStepMinor: 500,
    providerCount: 220,
    weekend: [5],
    districts: [
      district("Abdali", "العبدلي", 31.9622, 35.9106),
      district("Shmeisani", "الشميساني", 31.9713, 35.8967),
      district("Jabal Amman", "جبل عمّان", 31.9516, 35.9239),
      district("Jabal Al Weibdeh", "جبل اللويبدة", 31.9573, 35.9203),
      district("Sweifieh", "الصويفية", 31.9587, 35.8617),
      district("Abdoun", "عبدون", 31.9484, 35.8786),
      district("Khalda", "خلدا", 31.9984, 35.8319),
      district("Al Jubaiha", "الجبيهة", 32.0221, 35.8684),
    ],
  },
  {
    id: "dubai",
    name: { en: "Dubai", ar: "دبي" },
    regionCode: "AE",
    timeZone: "Asia/Dubai",
    currencyCode: "AED",
    tenJodMinor: 9_000,
    priceStepMinor: 500,
    providerCount: 150,
    weekend: [],
    districts: [
      district("Jumeirah", "جميرا", 25.2048, 55.2424),
      district("Dubai Marina", "دبي مارينا", 25.0805, 55.1403),
      district("Downtown", "وسط مدينة دبي", 25.1972, 55.2744),
      district("Deira", "ديرة", 25.2697, 55.3095),
      district("Al Barsha", "البرشاء", 25.1107, 55.2004),
      district("Business Bay", "الخليج التجاري", 25.185, 55.2642),
    ],
  },
  {
    id: "riyadh",
    name: { en: "Riyadh", ar: "الرياض" },
    regionCode: "SA",
    timeZone: "Asia/Riyadh",
    currencyCode: "SAR",
    tenJodMinor: 9_000,
    priceStepMinor: 500,
    providerCount: 130,
    weekend: [5],
    districts: [
      district("Al Olaya", "العليا", 24.6937, 46.6853),
      district("Al Malqa", "الملقا", 24.8085, 46.6088),
      district("Al Yasmin", "الياسمين", 24.8222, 46.6486),
      district("Al Nakheel", "النخيل", 24.7461, 46.6233),
      district("Al Sulimaniyah", "السليمانية", 24.7055, 46.7058),
    ],
  },
  {
    id: "new-york",
    name: { en: "New York", ar: "نيويورك" },
    regionCode: "US",
    timeZone: "America/New_York",
    currencyCode: "USD",
    tenJodMinor: 4_500,
    priceStepMinor: 500,
    providerCount: 100,
    weekend: [7],
    districts: [
      district("Upper East Side", "أبر إيست سايد", 40.7736, -73.9566),
      district("SoHo", "سوهو", 40.7233, -74.003),
      district("Astoria", "أستوريا", 40.7644, -73.9235),
      district("Bay Ridge", "باي ريدج", 40.635, -74.0208),
      district("Williamsburg", "ويليامزبرغ", 40.7081, -73.9571),
    ],
  },
];
