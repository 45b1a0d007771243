import { describe, expect, test } from "@jest/globals";
import type { Arguments, TemplateName } from "../domain/template.ts";
import { templates } from "../domain/template.ts";
import { formatMoney } from "./format.ts";
import { render } from "./render.ts";

const now = Temporal.Instant.from("2026-03-01T08:00:00Z");
const options = { now, sender: "Dawr", bookingLink: "https://dawr.example/b/{booking}" };
const id = "0195b3c0-7d1e-7c7a-8000-0123456789ab";
const booked: Arguments = {
  booking: `providers/0195b3c0-7d1e-7c7a-8000-000000000001/bookings/${id}`,
  startTime: "2026-03-01T09:00:00Z",
  timeZone: "Asia/Amman",
  provider_en: "Yasmine Salon",
  provider_ar: "صالون ياسمين",
  services_en: "Haircut",
  services_ar: "قص شعر",
  partySize: "3",
  totalMinor: "40000",
  currency: "JOD",
};
const moved: Arguments = { ...booked, previousStartTime: "2026-02-28T10:30:00Z" };
const reassigned: Arguments = { ...booked, previousStartTime: booked.startTime ?? "" };
const name = { name: "Layla" };
const read = (template: TemplateName, locale: "en" | "ar", given: Arguments, expireTime?: Temporal.Instant) =>
  render(template, given, { ...options, locale, expireTime });

describe("messages", () => {
  test.each([
    ["verification-code", "en", { code: "123456" }, "123456 is your code"],
    ["verification-code", "ar", { code: "123456" }, "123456 هو رمزك"],
    ["log-in-code", "en", { code: "123456" }, "123456 is your code to log in"],
    ["log-in-code", "ar", { code: "123456" }, "123456 هو رمز تسجيل الدخول"],
    ["account-exists", "en", {}, "You have an account already"],
    ["account-exists", "ar", {}, "لديك حساب بالفعل"],
    ["booking-confirmed", "en", booked, "Your booking at Yasmine Salon is confirmed"],
    ["booking-confirmed", "ar", booked, "تم تأكيد حجزك لدى صالون ياسمين"],
    ["booking-rescheduled", "en", moved, "Your booking at Yasmine Salon has moved"],
    ["booking-rescheduled", "ar", moved, "نُقل موعد حجزك لدى صالون ياسمين"],
    ["booking-rescheduled", "en", reassigned, "Somebody else serves you at Yasmine Salon"],
    ["booking-rescheduled", "ar", reassigned, "سيخدمك موظف آخر لدى صالون ياسمين"],
    ["booking-cancelled", "en", { ...booked, by: "CUSTOMER" }, "Your booking at Yasmine Salon is cancelled"],
    ["booking-cancelled", "ar", { ...booked, by: "CUSTOMER" }, "أُلغي حجزك لدى صالون ياسمين"],
    ["booking-expired", "en", { ...booked, told: "unpaid" }, "Your booking at Yasmine Salon could not be made"],
    ["booking-expired", "ar", { ...booked, told: "unpaid" }, "لم يكتمل حجزك لدى صالون ياسمين"],
    ["booking-refunded", "en", { ...booked, refundMinor: "40500" }, "JOD 40.500 is on its way back to you"],
  ] as const)("%s in %s has its subject", (template, locale, given, subject) => {
    const rendered = read(template, locale, given);
    expect(rendered.subject.replaceAll("\u00a0", " ")).toBe(subject);
    expect(rendered.title).toBe(rendered.subject);
    expect(rendered.html).toContain(`<html lang="${locale}" dir="${locale === "ar" ? "rtl" : "ltr"}">`);
  });

  test("given a deposit, then the confirmation says what is left to pay at the venue; given none, nothing of it (BK-07)", () => {
    const textOf = (locale: "en" | "ar", given: Arguments) =>
      read("booking-confirmed", locale, given).text.replaceAll("\u00a0", " ");
    expect(textOf("en", { ...booked, atVenueMinor: "28000" })).toContain("To pay at the venue: JOD 28.000");
    expect(textOf("ar", { ...booked, atVenueMinor: "28000" })).toContain("يُدفع عند الحضور: ");
    expect(textOf("en", booked)).not.toContain("venue");
  });

  test.each(Object.keys(templates) as TemplateName[])("%s leaves nothing unfilled in either language", (template) => {
    const given = {
      ...booked,
      ...name,
      code: "123456",
      refundMinor: "1",
      penaltyMinor: "2",
      atVenueMinor: "3",
      by: "PROVIDER",
      told: "unpaid",
      previousStartTime: "2026-02-28T10:30:00Z",
    };
    for (const locale of ["en", "ar"] as const) {
      const { subject, html, text, body } = read(template, locale, given, now.add({ minutes: 10 }));
      for (const part of [subject, html.replace(/style="[^"]*"/g, ""), text, body])
        expect(part).not.toMatch(/[{}]|undefined|\bnone\b|NaN/);
      expect(/[\u0600-\u06ff]/.test(body)).toBe(locale === "ar");
    }
  });

  test("given a booking that moved, then it says from when to when; given only other staff, then that the time stays", () => {
    const en = read("booking-rescheduled", "en", moved).text;
    expect(en).toContain(
      "Your booking for Saturday, 28 February 2026 at 13:30 GMT+3 is now for Sunday, 1 March 2026 at 12:00 GMT+3.",
    );
    expect(en).toContain("Before: Saturday, 28 February 2026");
    const ar = read("booking-rescheduled", "ar", moved).text;
    expect(ar).toMatch(/نُقل حجزك من السبت.*إلى الأحد/);
    const same = read("booking-rescheduled", "en", reassigned).text;
    expect(same).toContain("stays at its time; another member of staff serves you.");
    expect(same).not.toContain("Before:");
    const owner = { ...moved, customer: "Omar" };
    expect(read("provider-booking-rescheduled", "en", owner).subject).toBe(
      "Booking moved: Sunday, 1 March 2026 at 12:00 GMT+3",
    );
    expect(read("provider-booking-rescheduled", "en", owner).body).toContain("GMT+3 (Omar).");
  });

  test("given a booking in JOD, when confirmed, then its facts are in the reader's language and the provider's zone", () => {
    const en = read("booking-confirmed", "en", { ...booked, ...name });
    expect(en.text).toContain("Hello Layla,");
    expect(en.text).toContain("Time: Sunday, 1 March 2026 at 12:00 GMT+3");
    expect(en.text.replaceAll("\u00a0", " ")).toContain("Total: JOD 40.000");
    expect(en.text).toContain("People: 3 people");
    expect(en.text).toContain("Booking number: 23456789AB");
    expect(en.text).toContain(`See the booking: https://dawr.example/b/${id}`);
    const ar = read("booking-confirmed", "ar", { ...booked, ...name });
    expect(ar.text).toContain("الخدمات: قص شعر");
    expect(ar.text).toContain("3 أشخاص");
    expect(ar.text).toContain("40.000");
    expect(ar.text).toMatch(/الأحد.*1 مارس 2026/);
  });

  test.each([
    ["1", "شخص واحد"],
    ["2", "شخصان"],
    ["5", "5 أشخاص"],
    ["11", "11 شخصًا"],
    ["100", "100 شخص"],
  ])("given a party of %s, then Arabic counts it as %s", (partySize, told) => {
    expect(read("booking-confirmed", "ar", { ...booked, partySize }).text).toContain(`عدد الأشخاص: ${told}\n`);
  });

  test.each([
    [1, "دقيقة واحدة", "1 minute."],
    [2, "دقيقتين", "2 minutes."],
    [10, "10 دقائق", "10 minutes."],
    [15, "15 دقيقة", "15 minutes."],
  ])("given a code that is good for %s minutes, then both languages say so", (minutes, ar, en) => {
    const expireTime = now.add({ minutes }).subtract({ seconds: 1 });
    expect(read("log-in-code", "ar", { code: "123456" }, expireTime).text).toContain(ar);
    expect(read("log-in-code", "en", { code: "123456" }, expireTime).text).toContain(en);
  });

  test.each([
    ["CUSTOMER", "You have cancelled your booking", "لقد ألغيتَ حجزك"],
    ["PROVIDER", "The provider has had to cancel", "اضطر مقدم الخدمة"],
    ["PLATFORM", "We have had to cancel", "اضطررنا"],
  ])("given %s cancelled, then it says who, what is kept and what goes back", (by, en, ar) => {
    const given = { ...booked, by, refundMinor: "20000", penaltyMinor: "20000" };
    const english = read("booking-cancelled", "en", given).text.replaceAll("\u00a0", " ");
    expect(english).toContain(en);
    expect(english).toContain("JOD 20.000 goes back to you");
    expect(english).toContain("JOD 20.000 is kept");
    expect(read("booking-cancelled", "ar", given).text).toContain(ar);
    const free = read("booking-cancelled", "en", { ...booked, by }).text;
    expect(free).not.toMatch(/goes back|is kept/);
  });

  test("given money that came too late, then it says that it goes back", () => {
    const given = { ...booked, told: "paidTooLate", refundMinor: "40000" };
    expect(read("booking-expired", "en", given).body).toMatch(/somebody else has taken it[\s\S]*goes back to you/);
    expect(read("booking-expired", "ar", given).body).toMatch(/حجزه شخص آخر[\s\S]*سيُعاد إليك/);
    expect(read("booking-expired", "en", { ...booked, told: "unpaid" }).body).toContain("Nothing was charged");
  });
});

describe("what strangers can write", () => {
  test("is escaped, stays on its line and cannot turn the text around", () => {
    const { html, subject } = read("booking-confirmed", "en", {
      ...booked,
      provider_en: `<b>"A" & 'B'</b>\r\nBcc: x\u202e`,
    });
    expect(html).not.toContain("<b>");
    expect(html).toContain("&#60;b&#62;&#34;A&#34; &#38; &#39;B&#39;&#60;/b&#62; Bcc: x");
    expect(subject).not.toMatch(/[\r\n\u202e]/);
  });

  test.each(["https://evil.example", "go to evil.example", "www evil www.evil"])(
    "a name like %s is left out",
    (bad) => {
      expect(read("account-exists", "en", { name: bad }).text).toMatch(/^Hello,\n/);
    },
  );
});

describe("money", () => {
  test.each([
    [40000n, "JOD", "en", "JOD 40.000"],
    [1n, "JOD", "en", "JOD 0.001"],
    [-1n, "JOD", "en", "-JOD 0.001"],
    [123456789n, "AED", "en", "AED 1,234,567.89"],
    [1500n, "JPY", "en", "JPY 1,500"],
    [1500n, "IQD", "en", "IQD 1.500"],
    [9007199254740993n, "USD", "en", "USD 90,071,992,547,409.93"],
  ] as const)("%s of %s in %s is %s", (minor, currency, locale, told) => {
    expect(formatMoney(minor, currency, locale).replaceAll("\u00a0", " ")).toBe(told);
  });

  test("has Latin digits and its code in Arabic", () => {
    expect(formatMoney(40500n, "JOD", "ar")).toMatch(/40\.500.*JOD|JOD.*40\.500/);
  });
});
