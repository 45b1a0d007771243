import type { Locale } from "@dawr/rpc";
import type { TemplateName } from "../domain/template.ts";
import type { Texts } from "./layout.ts";

const link = { en: "See the booking", ar: "عرض الحجز" } as const;
const at = {
  en: "{provider, select, none {} other { at {provider}}}",
  ar: "{provider, select, none {} other { لدى {provider}}}",
} as const;

/** What happens to bookings and their money. */
export const bookingTexts = {
  "booking-confirmed": {
    en: {
      subject: `Your booking${at.en} is confirmed`,
      link: link.en,
      paragraphs: [`Your booking${at.en} is confirmed: {when}. We look forward to seeing you.`],
    },
    ar: {
      subject: `تم تأكيد حجزك${at.ar}`,
      link: link.ar,
      paragraphs: [`تم تأكيد حجزك${at.ar}: {when}. نتطلع إلى رؤيتك.`],
    },
  },
  "booking-rescheduled": {
    en: {
      subject: `{moved, select, TIME {Your booking${at.en} has moved} other {Somebody else serves you${at.en}}}`,
      link: link.en,
      paragraphs: [
        "{moved, select, TIME {Your booking for {before} is now for {when}.} other {Your booking for {when} stays at its time; another member of staff serves you.}}",
        "What you pay and the terms you booked on stay the same.",
      ],
    },
    ar: {
      subject: `{moved, select, TIME {نُقل موعد حجزك${at.ar}} other {سيخدمك موظف آخر${at.ar}}}`,
      link: link.ar,
      paragraphs: [
        "{moved, select, TIME {نُقل حجزك من {before} إلى {when}.} other {يبقى حجزك في موعده {when}، وسيخدمك فيه موظف آخر.}}",
        "يبقى ما تدفعه والشروط التي حجزت بها كما هي.",
      ],
    },
  },
  "booking-cancelled": {
    en: {
      subject: `Your booking${at.en} is cancelled`,
      link: link.en,
      paragraphs: [
        "{by, select, CUSTOMER {You have cancelled} PROVIDER {The provider has had to cancel} other {We have had to cancel}} your booking for {when}.",
        { when: "refund", text: "{refund} goes back to you the way you paid. We write again when it is on its way." },
        { when: "penalty", text: "As agreed when you booked, {penalty} is kept for cancelling late." },
      ],
    },
    ar: {
      subject: `أُلغي حجزك${at.ar}`,
      link: link.ar,
      paragraphs: [
        "{by, select, CUSTOMER {لقد ألغيتَ حجزك} PROVIDER {اضطر مقدم الخدمة إلى إلغاء حجزك} other {اضطررنا إلى إلغاء حجزك}} بتاريخ {when}.",
        { when: "refund", text: "سيُعاد إليك مبلغ {refund} بالطريقة التي دفعت بها، وسنراسلك حين يكون في طريقه إليك." },
        { when: "penalty", text: "وفق ما اتُّفق عليه عند الحجز، يُحتفظ بمبلغ {penalty} مقابل الإلغاء المتأخر." },
      ],
    },
  },
  "booking-expired": {
    en: {
      subject: `Your booking${at.en} could not be made`,
      link: link.en,
      paragraphs: [
        "{told, select, paidTooLate {Your payment came after the time we could hold your booking for {when}, and somebody else has taken it since.} other {Your booking for {when} was not paid in time, so that it is free again. Nothing was charged.}}",
        { when: "refund", text: "You get all of it back: {refund} goes back to you the way you paid." },
        "You are welcome to choose another time.",
      ],
    },
    ar: {
      subject: `لم يكتمل حجزك${at.ar}`,
      link: link.ar,
      paragraphs: [
        "{told, select, paidTooLate {وصل الدفع بعد انتهاء مدة حجز موعدك المؤقت بتاريخ {when}، وقد حجزه شخص آخر.} other {لم يُدفع ثمن حجزك بتاريخ {when} في الوقت المحدد فأصبح الموعد متاحًا من جديد. لم يُخصم أي مبلغ.}}",
        { when: "refund", text: "ستسترد المبلغ كاملًا: سيُعاد إليك {refund} بالطريقة التي دفعت بها." },
        "يمكنك اختيار موعد آخر.",
      ],
    },
  },
  "booking-refunded": {
    en: {
      subject: "{refund} is on its way back to you",
      link: link.en,
      paragraphs: [
        `{refund} for your booking${at.en} is on its way back to you, the way you paid. It can take some days until your bank shows it.`,
      ],
    },
    ar: {
      subject: "مبلغ {refund} في طريقه إليك",
      link: link.ar,
      paragraphs: [
        `مبلغ {refund} عن حجزك${at.ar} في طريقه إليك بالطريقة التي دفعت بها. قد يستغرق ظهوره في حسابك المصرفي بضعة أيام.`,
      ],
    },
  },
  "provider-booking-confirmed": {
    en: {
      subject: "New booking: {when}",
      link: link.en,
      paragraphs: ["{customer, select, none {There is a new booking} other {{customer} has booked}}: {when}."],
    },
    ar: {
      subject: "حجز جديد: {when}",
      link: link.ar,
      paragraphs: ["{customer, select, none {لديك حجز جديد} other {حجز جديد من {customer}}}: {when}."],
    },
  },
  "provider-booking-rescheduled": {
    en: {
      subject: "{moved, select, TIME {Booking moved: {when}} other {Booking with other staff: {when}}}",
      link: link.en,
      paragraphs: [
        "{moved, select, TIME {The booking for {before} is now for {when}} other {The booking for {when} is now with other staff}}{customer, select, none {} other { ({customer})}}.",
      ],
    },
    ar: {
      subject: "{moved, select, TIME {نُقل حجز: {when}} other {حجز مع موظف آخر: {when}}}",
      link: link.ar,
      paragraphs: [
        "{moved, select, TIME {نُقل الحجز من {before} إلى {when}} other {أُسند الحجز بتاريخ {when} إلى موظف آخر}}{customer, select, none {} other { ({customer})}}.",
      ],
    },
  },
  "provider-booking-cancelled": {
    en: {
      subject: "Booking cancelled: {when}",
      link: link.en,
      paragraphs: [
        "The booking for {when} was cancelled by {by, select, CUSTOMER {the customer} PROVIDER {you} other {the platform}}.",
      ],
    },
    ar: {
      subject: "أُلغي حجز: {when}",
      link: link.ar,
      paragraphs: [
        "أُلغي الحجز بتاريخ {when} من قِبل {by, select, CUSTOMER {العميل} PROVIDER {مقدم الخدمة} other {المنصة}}.",
      ],
    },
  },
} as const satisfies Readonly<Partial<Record<TemplateName, Readonly<Record<Locale, Texts>>>>>;
