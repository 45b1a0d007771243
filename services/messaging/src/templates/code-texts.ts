import type { Locale } from "@dawr/rpc";
import type { TemplateName } from "../domain/template.ts";
import type { Texts } from "./layout.ts";

const minutesLeft = {
  en: "It is good for {minutes, plural, one {# minute} other {# minutes}}. Tell it to nobody: we never ask for it.",
  ar: "الرمز صالح لمدة {minutes, plural, zero {أقل من دقيقة} one {دقيقة واحدة} two {دقيقتين} few {# دقائق} many {# دقيقة} other {# دقيقة}}. لا تُعطه لأحد، فنحن لا نطلبه أبدًا.",
} as const;

/** Codes, and what is said in place of one. */
export const codeTexts = {
  "verification-code": {
    en: {
      subject: "{code} is your code",
      showsCode: true,
      paragraphs: [
        "Use this code to confirm your e-mail address.",
        { when: "minutes", text: minutesLeft.en },
        "If you did not ask for it, there is nothing that you need to do.",
      ],
    },
    ar: {
      subject: "{code} هو رمزك",
      showsCode: true,
      paragraphs: [
        "استخدم هذا الرمز لتأكيد بريدك الإلكتروني.",
        { when: "minutes", text: minutesLeft.ar },
        "إذا لم تطلب الرمز فلا داعي لأي إجراء.",
      ],
    },
  },
  "log-in-code": {
    en: {
      subject: "{code} is your code to log in",
      showsCode: true,
      paragraphs: [
        "Use this code to log in.",
        { when: "minutes", text: minutesLeft.en },
        "If it was not you who asked for it, nobody gets in without the code. You may ignore this message.",
      ],
    },
    ar: {
      subject: "{code} هو رمز تسجيل الدخول",
      showsCode: true,
      paragraphs: [
        "استخدم هذا الرمز لتسجيل الدخول.",
        { when: "minutes", text: minutesLeft.ar },
        "إذا لم تكن أنت من طلبه فلن يدخل أحد من دون الرمز، ويمكنك تجاهل هذه الرسالة.",
      ],
    },
  },
  "account-exists": {
    en: {
      subject: "You have an account already",
      paragraphs: [
        "Somebody, probably you, wanted to register with this e-mail address. It has an account already.",
        "Log in with your password, or ask for a code to log in. If it was not you, there is nothing that you need to do.",
      ],
    },
    ar: {
      subject: "لديك حساب بالفعل",
      paragraphs: [
        "حاول شخص ما، ولعله أنت، التسجيل بهذا البريد الإلكتروني، وهو مرتبط بحساب قائم.",
        "سجّل الدخول بكلمة المرور أو اطلب رمزًا للدخول. وإذا لم تكن أنت فلا داعي لأي إجراء.",
      ],
    },
  },
} as const satisfies Readonly<Partial<Record<TemplateName, Readonly<Record<Locale, Texts>>>>>;
