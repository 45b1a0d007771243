import type { Bilingual } from "./places.ts";

/** What the providers of one vertical look like in the demo market. */
export type Trade = {
  readonly vertical: string;
  /** Share of all providers, in per cent. */
  readonly share: number;
  readonly nouns: readonly Bilingual[];
  readonly gendersServed: readonly ("WOMEN" | "MEN" | "EVERYONE")[];
  readonly resourceKind: string;
  readonly resourceName: Bilingual;
  readonly resourceCapacity: number;
  readonly amenities: readonly string[];
  /** Opening minutes since midnight on an ordinary day. */
  readonly opens: readonly number[];
  readonly closes: readonly number[];
  readonly offers: readonly Offer[];
};

/** One service as a provider of that vertical may offer it; the price is what it costs in Amman, in JOD. */
export type Offer = {
  readonly category: string;
  readonly name: Bilingual;
  readonly minutes: readonly number[];
  readonly bufferAfterMinutes: number;
  readonly priceJod: readonly [low: number, high: number];
  readonly needsResource: boolean;
  readonly atCustomer?: boolean;
  readonly online?: boolean;
};

const offer = (
  category: string,
  en: string,
  ar: string,
  minutes: readonly number[],
  priceJod: readonly [number, number],
  more: Partial<Offer> = {},
): Offer => ({ category, name: { en, ar }, minutes, bufferAfterMinutes: 0, priceJod, needsResource: true, ...more });

/** The five verticals of the demo market. */
export const trades: readonly Trade[] = [
  {
    vertical: "salon",
    share: 34,
    nouns: [
      { en: "Beauty Salon", ar: "صالون تجميل" },
      { en: "Hair Studio", ar: "ستوديو شعر" },
      { en: "Ladies Salon", ar: "صالون سيدات" },
      { en: "Nail & Spa", ar: "أظافر وسبا" },
    ],
    gendersServed: ["WOMEN", "WOMEN", "EVERYONE"],
    resourceKind: "chair",
    resourceName: { en: "Styling chairs", ar: "كراسي التصفيف" },
    resourceCapacity: 4,
    amenities: ["wifi", "parking", "private-room", "card-payment"],
    opens: [9 * 60, 10 * 60],
    closes: [19 * 60, 20 * 60, 21 * 60],
    offers: [
      offer("haircut", "Haircut and styling", "قص وتصفيف الشعر", [45, 60], [8, 20]),
      offer("hair-colour", "Hair colour", "صبغة شعر", [90, 120], [25, 60], { bufferAfterMinutes: 15 }),
      offer("blow-dry", "Blow-dry", "سشوار", [30, 45], [5, 12]),
      offer("manicure", "Manicure", "مانيكير", [45], [7, 15]),
      offer("pedicure", "Pedicure", "باديكير", [45, 60], [9, 18]),
      offer("facial", "Deep-cleansing facial", "تنظيف بشرة عميق", [60], [18, 40], { bufferAfterMinutes: 10 }),
      offer("make-up", "Evening make-up", "مكياج سهرة", [60], [25, 50], { needsResource: false, atCustomer: true }),
      offer("waxing", "Full-leg waxing", "إزالة شعر الساقين", [30], [8, 16]),
    ],
  },
  {
    vertical: "barber",
    share: 26,
    nouns: [
      { en: "Barbershop", ar: "حلاق" },
      { en: "Gents Salon", ar: "صالون رجالي" },
      { en: "Grooming Lounge", ar: "صالة عناية للرجال" },
    ],
    gendersServed: ["MEN"],
    resourceKind: "chair",
    resourceName: { en: "Barber chairs", ar: "كراسي الحلاقة" },
    resourceCapacity: 3,
    amenities: ["wifi", "parking", "card-payment"],
    opens: [9 * 60, 10 * 60, 11 * 60],
    closes: [20 * 60, 21 * 60, 22 * 60],
    offers: [
      offer("mens-haircut", "Men's haircut", "قص شعر رجالي", [30, 45], [4, 10], { bufferAfterMinutes: 5 }),
      offer("beard-trim", "Beard trim", "تحديد اللحية", [15, 20], [2, 6]),
      offer("shave", "Hot-towel shave", "حلاقة بالمنشفة الساخنة", [30], [4, 9]),
      offer("kids-haircut", "Children's haircut", "قص شعر أطفال", [30], [3, 7]),
    ],
  },
  {
    vertical: "aesthetic-clinic",
    share: 14,
    nouns: [
      { en: "Aesthetic Clinic", ar: "عيادة تجميل" },
      { en: "Skin & Laser Centre", ar: "مركز الجلدية والليزر" },
    ],
    gendersServed: ["EVERYONE"],
    resourceKind: "room",
    resourceName: { en: "Treatment rooms", ar: "غرف العلاج" },
    resourceCapacity: 2,
    amenities: ["wifi", "parking", "private-room", "wheelchair-access", "card-payment"],
    opens: [9 * 60, 10 * 60],
    closes: [18 * 60, 19 * 60],
    offers: [
      offer("consultation", "Consultation", "استشارة", [30], [20, 40]),
      offer("laser-hair-removal", "Laser hair removal", "إزالة الشعر بالليزر", [30, 45, 60], [30, 90], {
        bufferAfterMinutes: 10,
      }),
      offer("botox", "Wrinkle treatment", "علاج التجاعيد", [30], [90, 180], { bufferAfterMinutes: 15 }),
      offer("filler", "Dermal filler", "فيلر", [45], [120, 220], { bufferAfterMinutes: 15 }),
      offer("skin-peel", "Chemical peel", "تقشير كيميائي", [45], [40, 80], { bufferAfterMinutes: 10 }),
    ],
  },
  {
    vertical: "stylist",
    share: 10,
    nouns: [
      { en: "Style House", ar: "بيت الأناقة" },
      { en: "Personal Styling", ar: "تنسيق أزياء شخصي" },
    ],
    gendersServed: ["EVERYONE", "WOMEN"],
    resourceKind: "room",
    resourceName: { en: "Fitting room", ar: "غرفة القياس" },
    resourceCapacity: 1,
    amenities: ["wifi", "private-room"],
    opens: [10 * 60, 11 * 60],
    closes: [18 * 60, 19 * 60],
    offers: [
      offer("wardrobe-review", "Wardrobe review", "مراجعة خزانة الملابس", [90, 120], [40, 90], {
        needsResource: false,
        atCustomer: true,
      }),
      offer("personal-shopping", "Personal shopping", "تسوق شخصي", [120], [50, 120], {
        needsResource: false,
        online: true,
      }),
      offer("event-styling", "Event styling", "تنسيق إطلالة مناسبة", [60, 90], [35, 80], { bufferAfterMinutes: 15 }),
    ],
  },
  {
    vertical: "pet-clinic",
    share: 16,
    nouns: [
      { en: "Veterinary Clinic", ar: "عيادة بيطرية" },
      { en: "Pet Care Centre", ar: "مركز رعاية الحيوانات الأليفة" },
    ],
    gendersServed: ["EVERYONE"],
    resourceKind: "room",
    resourceName: { en: "Examination rooms", ar: "غرف الفحص" },
    resourceCapacity: 2,
    amenities: ["parking", "wheelchair-access", "card-payment"],
    opens: [8 * 60 + 30, 9 * 60],
    closes: [17 * 60, 18 * 60, 20 * 60],
    offers: [
      offer("check-up", "Check-up", "فحص عام", [20, 30], [12, 25], { bufferAfterMinutes: 5 }),
      offer("vaccination", "Vaccination", "تطعيم", [15, 20], [10, 22], { bufferAfterMinutes: 5 }),
      offer("grooming", "Bath and grooming", "استحمام وعناية", [60, 90], [15, 35], { bufferAfterMinutes: 10 }),
      offer("dental", "Dental cleaning", "تنظيف أسنان", [60], [35, 70], { bufferAfterMinutes: 15 }),
    ],
  },
];
