import type { FieldProblem, FieldRule } from "./fields-error.ts";

/** All problems as one text for people: "number (0 or more, 999 or less); text (required)". */
export function problemsText(problems: readonly FieldProblem[], locale: string): string {
  return problems
    .map(({ field, rules }) => (field === "" ? rulesText(rules, locale) : `${field} (${rulesText(rules, locale)})`))
    .join(locale === "ar" ? "؛ " : "; ");
}

/** What rules want, as a text for people. */
export function rulesText(rules: readonly FieldRule[], locale: string): string {
  return rules.map((rule) => ruleText(rule, locale)).join(locale === "ar" ? "، " : ", ");
}

function ruleText({ name, limit = "", text }: FieldRule, locale: string): string {
  const isArabic = locale === "ar";
  const known = texts[name];
  if (known !== undefined) return (isArabic ? known.ar : known.en).replace("{}", () => shown(limit));
  if (text !== undefined) return isArabic ? (arabicOf[text] ?? `القاعدة ${name}`) : text;
  return `${isArabic ? "القاعدة" : "the rule"} ${name} ${limit}`.trimEnd();
}

/** A pattern of resource names as people write those: "providers/{id}". */
function shown(limit: string): string {
  return limit.startsWith("^") && limit.includes(uuid)
    ? limit.replaceAll(uuid, "{id}").replaceAll(/^\^|\$$/g, "")
    : limit;
}

const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** By the rule's name in buf.validate, and those of reading: which field, which type. No number in them needs a plural. */
const texts: Readonly<Record<string, { readonly en: string; readonly ar: string }>> = {
  required: { en: "required", ar: "مطلوب" },
  one_of: { en: "exactly one of {} is required", ar: "يلزم واحد فقط من {}" },
  json: { en: "no valid JSON", ar: "ليس JSON صالحًا" },
  depth: { en: "nested too deeply", ar: "التداخل أعمق من المسموح" },
  unreadable: { en: "cannot be read", ar: "تعذّرت قراءته" },
  unknown: { en: "there is no such field", ar: "لا يوجد حقل بهذا الاسم" },
  repeated: { en: "given more than once", ar: "ورد أكثر من مرة" },
  type: { en: "must be of type {}", ar: "يجب أن يكون من النوع {}" },
  const: { en: "must be {}", ar: "يجب أن يكون {}" },
  in: { en: "one of {}", ar: "إحدى القيم {}" },
  not_in: { en: "none of {}", ar: "ليس من القيم {}" },
  defined_only: { en: "one of {}", ar: "إحدى القيم {}" },
  gt: { en: "more than {}", ar: "أكثر من {}" },
  gte: { en: "{} or more", ar: "{} فأكثر" },
  lt: { en: "less than {}", ar: "أقل من {}" },
  lte: { en: "{} or less", ar: "{} فأقل" },
  min_len: { en: "length {} or more", ar: "الطول {} فأكثر" },
  max_len: { en: "length {} or less", ar: "الطول {} فأقل" },
  min_items: { en: "number of items {} or more", ar: "عدد العناصر {} فأكثر" },
  max_items: { en: "number of items {} or less", ar: "عدد العناصر {} فأقل" },
  min_pairs: { en: "number of entries {} or more", ar: "عدد المدخلات {} فأكثر" },
  max_pairs: { en: "number of entries {} or less", ar: "عدد المدخلات {} فأقل" },
  unique: { en: "nothing twice", ar: "دون تكرار" },
  prefix: { en: "beginning with {}", ar: "يبدأ بـ {}" },
  pattern: { en: "of the form {}", ar: "بالصيغة {}" },
  uuid: { en: "a UUID", ar: "معرّف UUID" },
  email: { en: "an e-mail address", ar: "عنوان بريد إلكتروني" },
  uri: { en: "a URI", ar: "عنوان URI" },
  address: { en: "a host name or an IP address", ar: "اسم مضيف أو عنوان IP" },
};

/** What rules in the contracts' own words say, in Arabic; a test of the contracts finds those that are not here. */
const arabicOf: Readonly<Record<string, string>> = {
  "cannot be both atCustomer and online": "لا يمكن أن يكون atCustomer وonline معًا",
  "must be a day of the calendar between 1900 and 2199": "يجب أن يكون يومًا من التقويم بين 1900 و2199",
  "must be at most 31 days": "يجب ألا يزيد على 31 يومًا",
  "must start and end at whole minutes": "يجب أن يبدأ وينتهي عند دقيقة كاملة",
  "must be a point of the earth": "يجب أن تكون نقطة على الأرض",
  "must be more than zero, and less than a billion minor units": "يجب أن يكون أكثر من صفر وأقل من مليار وحدة صغرى",
  "must not be later than today": "يجب ألا يكون بعد اليوم",
  "must be zero or more, and less than a billion minor units": "يجب أن يكون صفرًا أو أكثر وأقل من مليار وحدة صغرى",
  "must be shorter than 1000 characters": "يجب أن يكون أقصر من 1000 حرف",
  "must be shorter than 1200 characters": "يجب أن يكون أقصر من 1200 حرف",
  "must have at most 10 penalty steps": "يجب ألا تزيد درجات الغرامة على 10",
  "must have at most 120 characters in each language": "يجب ألا يزيد على 120 حرفًا في كل لغة",
  "must have at most 2000 characters in each language": "يجب ألا يزيد على 2000 حرف في كل لغة",
  "must have at most 4000 characters in each language": "يجب ألا يزيد على 4000 حرف في كل لغة",
  "names no field": "لا يذكر أي حقل",
  "needs account and role": "يلزمه account وrole",
  "needs category, displayName, price and durationMinutes": "يلزمه category وdisplayName وprice وdurationMinutes",
  "needs displayName": "يلزمه displayName",
  "needs displayName and kind": "يلزمه displayName وkind",
  "needs kind and displayName, of a child birthDate too": "يلزمه kind وdisplayName، وللطفل birthDate أيضًا",
  "needs subject and range": "يلزمه subject وrange",
  "needs vertical, displayName, point, timeZone and currencyCode":
    "يلزمه vertical وdisplayName وpoint وtimeZone وcurrencyCode",
  "species, breed, weightGrams and sex are of pets": "الحقول species وbreed وweightGrams وsex للحيوانات الأليفة",
  "the booking is missing": "ينقصه الحجز",
  "the end must come after the start": "يجب أن تكون النهاية بعد البداية",
  "the name is missing": "ينقصه الاسم",
  "the window must be longer than nothing and at most 62 days":
    "يجب أن تكون الفترة أطول من لا شيء وألا تزيد على 62 يومًا",
};
