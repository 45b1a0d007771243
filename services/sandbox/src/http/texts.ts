/** The languages of the sandbox's pages. */
export type Locale = "en" | "ar";

/** What the payment page says. */
export const texts = {
  pay: { en: "Pay", ar: "ادفع" },
  payment: { en: "Payment", ar: "الدفع" },
  sandbox: {
    en: "This is a sandbox: no money moves. Use one of the cards below.",
    ar: "هذه بيئة تجريبية: لا تُنقل أي أموال. استخدم إحدى البطاقات أدناه.",
  },
  cardNumber: { en: "Card number", ar: "رقم البطاقة" },
  expiry: { en: "Expiry (MM/YY)", ar: "تاريخ الانتهاء (شهر/سنة)" },
  cvc: { en: "Security code", ar: "رمز الأمان" },
  tryCards: { en: "Cards to try (any future date, any code)", ar: "بطاقات للتجربة (أي تاريخ لاحق وأي رمز)" },
  otherLanguage: { en: "العربية", ar: "English" },
  challengeTitle: { en: "Confirm that it is you", ar: "أكّد هويتك" },
  challengeText: {
    en: "Your bank asks for a code (3-D Secure). In the sandbox it is 123456; any other code is refused.",
    ar: "يطلب مصرفك رمزًا (التحقق ثلاثي الأبعاد). الرمز في البيئة التجريبية هو 123456، وأي رمز آخر يُرفض.",
  },
  code: { en: "Code", ar: "الرمز" },
  confirm: { en: "Confirm", ar: "تأكيد" },
  back: { en: "Back to the shop", ar: "العودة إلى المتجر" },
  notFound: { en: "There is no such payment.", ar: "لا توجد عملية دفع كهذه." },
  mailbox: { en: "Mailbox", ar: "صندوق البريد" },
} as const satisfies Record<string, Record<Locale, string>>;

/** What a card of the sandbox does, for people who try it. */
export const cardTexts = {
  success: { en: "pays", ar: "تنجح" },
  challenge: { en: "asks for 3-D Secure", ar: "تطلب التحقق ثلاثي الأبعاد" },
  decline: { en: "is declined", ar: "تُرفض" },
  "insufficient-funds": { en: "has too little money", ar: "رصيدها غير كافٍ" },
  delay: { en: "pays after as many seconds as its security code says", ar: "تنجح بعد عدد من الثواني يساوي رمز الأمان" },
  "lost-response": { en: "pays, but nobody is told", ar: "تنجح ولكن لا يُبلَّغ أحد" },
  "refund-pending": { en: "pays; refunds take a while", ar: "تنجح، ويتأخر ردّ المبلغ" },
  "refund-fails": { en: "pays; refunds fail", ar: "تنجح، ويفشل ردّ المبلغ" },
} as const satisfies Record<string, Record<Locale, string>>;

/** How a charge stands, in a sentence. */
export const statusTexts = {
  pending: { en: "Waiting for your card.", ar: "بانتظار بطاقتك." },
  requires_action: { en: "Your bank asks for a code.", ar: "يطلب مصرفك رمزًا." },
  processing: { en: "Your payment is being processed.", ar: "تجري معالجة دفعتك." },
  authorized: { en: "Your payment is authorised.", ar: "تم تفويض دفعتك." },
  succeeded: { en: "Thank you, your payment has succeeded.", ar: "شكرًا لك، تم الدفع بنجاح." },
  failed: { en: "Your payment has failed. You may try another card.", ar: "فشل الدفع. يمكنك تجربة بطاقة أخرى." },
  canceled: { en: "This payment is closed.", ar: "أُغلقت عملية الدفع هذه." },
} as const satisfies Record<string, Record<Locale, string>>;

/** What is wrong with a typed card, or why it was refused. */
export const problemTexts: Readonly<Record<string, Record<Locale, string>>> = {
  number: { en: "This is no card number.", ar: "رقم البطاقة غير صحيح." },
  expiry: { en: "The card has expired, or the date is no date.", ar: "انتهت صلاحية البطاقة أو أن التاريخ غير صحيح." },
  cvc: { en: "The security code has three or four digits.", ar: "يتكون رمز الأمان من ثلاثة أرقام أو أربعة." },
  card_declined: { en: "The card was declined.", ar: "رُفضت البطاقة." },
  insufficient_funds: { en: "There is too little money on the card.", ar: "رصيد البطاقة غير كافٍ." },
  authentication_failed: { en: "The code was wrong.", ar: "الرمز غير صحيح." },
  expired: { en: "The time to pay is over.", ar: "انتهت مهلة الدفع." },
  canceled: { en: "The payment was cancelled.", ar: "أُلغيت عملية الدفع." },
};

/** The language of a page: asked for in its address, or the charge's, or the browser's first that we speak. */
export function pickLocale(asked: string | null, accepted: string | undefined, fallback: string): Locale {
  const tags = [asked ?? "", fallback, ...(accepted ?? "").split(",")];
  for (const tag of tags) {
    const language = tag.trim().slice(0, 2).toLowerCase();
    if (language === "ar" || language === "en") return language;
  }
  return "en";
}
