import type { Locale } from "@dawr/rpc";
import type { TemplateName } from "../domain/template.ts";
import { bookingTexts } from "./booking-texts.ts";
import { codeTexts } from "./code-texts.ts";
import type { Texts } from "./layout.ts";

/** All that is said, by template and language. */
export const texts: Readonly<Record<TemplateName, Readonly<Record<Locale, Texts>>>> = { ...codeTexts, ...bookingTexts };

/** What all mails have in common. */
export const frame = {
  en: {
    hello: "Hello {name},",
    helloAnybody: "Hello,",
    footer: "This message was sent by {sender} automatically. Please do not reply to it.",
  },
  ar: {
    hello: "مرحبًا {name}،",
    helloAnybody: "مرحبًا،",
    footer: "أُرسلت هذه الرسالة تلقائيًا من {sender}. يُرجى عدم الرد عليها.",
  },
} as const satisfies Readonly<Record<Locale, unknown>>;

/** The facts of a booking, in the order in which they are shown. */
export const labels = {
  en: {
    provider: "Provider",
    customer: "Customer",
    services: "Services",
    when: "Time",
    before: "Before",
    address: "Address",
    party: "People",
    total: "Total",
    atVenue: "To pay at the venue",
    penalty: "Kept for cancelling",
    refund: "Refund",
    reason: "Reason",
    reference: "Booking number",
  },
  ar: {
    provider: "مقدم الخدمة",
    customer: "العميل",
    services: "الخدمات",
    when: "الموعد",
    before: "الموعد السابق",
    address: "العنوان",
    party: "عدد الأشخاص",
    total: "المجموع",
    atVenue: "يُدفع عند الحضور",
    penalty: "رسوم الإلغاء",
    refund: "المبلغ المسترد",
    reason: "السبب",
    reference: "رقم الحجز",
  },
} as const satisfies Readonly<Record<Locale, unknown>>;

/** How many people come. */
export const partyTexts = {
  en: "{party, plural, one {# person} other {# people}}",
  ar: "{party, plural, zero {لا أحد} one {شخص واحد} two {شخصان} few {# أشخاص} many {# شخصًا} other {# شخص}}",
} as const satisfies Readonly<Record<Locale, string>>;
