import type { Bilingual } from "./places.ts";

const pairs = (list: string): readonly Bilingual[] =>
  list.split(";").map((pair) => {
    const [en = "", ar = ""] = pair.split("|").map((text) => text.trim());
    return { en, ar };
  });

/** What a business calls itself, before the noun of its trade. */
export const businessNames = pairs(
  `Yasmine|ياسمين; Noor|نور; Layali|ليالي; Rose|روز; Petra|بترا; Sama|سما; Oud|عود; Lulu|لولو; Qamar|قمر; Rimal|رمال;
  Zahra|زهرة; Al Reem|الريم; Dana|دانة; Jood|جود; Elite|إيليت; Velvet|فلفت; Golden Scissors|المقص الذهبي; Andalus|الأندلس;
  Al Waha|الواحة; Marjan|مرجان; Cedar|الأرز; Silk|حرير; Amber|عنبر; Saray|سراي; Bloom|بلوم; Mint|نعناع; Levant|ليفانت;
  Diwan|ديوان; Nakheel|نخيل; Sahara|صحارى; Turquoise|فيروز; Aura|أورا; Shams|شمس; Rawnaq|رونق; Jawhara|جوهرة; Basma|بسمة;
  Wisal|وصال; Maison|ميزون; Corner|كورنر; Royal|رويال; Tala|تالا; Sanad|سند; Mada|مدى; Ward|ورد; Afnan|أفنان; Hala|هلا`,
);

/** Given names of staff members. */
export const givenNames = pairs(
  `Lina|لينا; Rana|رنا; Dina|دينا; Hana|هناء; Salma|سلمى; Maya|مايا; Farah|فرح; Nadia|نادية; Reem|ريم; Jana|جنى;
  Omar|عمر; Khaled|خالد; Yousef|يوسف; Ahmad|أحمد; Tareq|طارق; Sami|سامي; Fadi|فادي; Zaid|زيد; Hassan|حسن; Ibrahim|إبراهيم;
  Mona|منى; Aya|آية; Sara|سارة; Layan|ليان; Rania|رانيا; Ali|علي; Karim|كريم; Nizar|نزار; Bilal|بلال; Marwan|مروان`,
);

/** Family names of staff members. */
export const familyNames = pairs(
  `Haddad|حداد; Khoury|خوري; Nasser|ناصر; Saleh|صالح; Mansour|منصور; Qasem|قاسم; Awad|عوض; Darwish|درويش; Hijazi|حجازي;
  Najjar|نجار; Rashid|راشد; Shaheen|شاهين; Tamimi|تميمي; Zoubi|الزعبي; Abbasi|عباسي; Fares|فارس; Jaber|جابر; Malki|مالكي`,
);

/** What customers write in reviews, by the stars they give. */
export const reviewTexts: ReadonlyMap<number, readonly Bilingual[]> = new Map([
  [
    5,
    pairs(
      "Exactly what I asked for, and on time.|تمامًا كما طلبت وفي الموعد.; Friendly, clean and careful work.|تعامل لطيف ونظافة وإتقان.; I will come back.|سأعود بالتأكيد.",
    ),
  ],
  [
    4,
    pairs("Very good, a short wait.|جيد جدًا مع انتظار قصير.; Good result, parking was hard.|نتيجة جيدة والموقف صعب."),
  ],
  [3, pairs("All right for the price.|مقبول بالنسبة للسعر.; Good work but it started late.|عمل جيد لكنه بدأ متأخرًا.")],
  [2, pairs("Not what we agreed on.|ليس ما اتفقنا عليه.")],
]);
