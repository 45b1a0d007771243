import type { Locale } from "@dawr/rpc";
import { IntlMessageFormat } from "intl-messageformat";
import { type Arguments, type TemplateName, textOf } from "../domain/template.ts";
import { formatMoney, formatTime } from "./format.ts";
import { htmlOf } from "./html.ts";
import type { Parts } from "./layout.ts";
import { frame, labels, partyTexts, texts } from "./texts.ts";

/** A message ready to be shown and sent. */
export type Rendered = {
  readonly locale: Locale;
  /** For the app's inbox. */
  readonly title: string;
  readonly body: string;
  /** For e-mail. */
  readonly subject: string;
  readonly html: string;
  readonly text: string;
};

/** What rendering needs besides the arguments. */
export type RenderOptions = {
  readonly locale: Locale;
  readonly now: Temporal.Instant;
  readonly expireTime?: Temporal.Instant | undefined;
  /** Who sends, as readers know it. */
  readonly sender: string;
  /** Where a booking is seen; {booking} becomes its id. */
  readonly bookingLink: string;
};

/** Fills a template in a language: subject, HTML laid out in its direction, text, and what the inbox shows. (MS-03) */
export function render(template: TemplateName, given: Arguments, options: RenderOptions): Rendered {
  const parts = partsOf(template, given, options);
  return {
    locale: options.locale,
    title: parts.subject,
    body: parts.paragraphs.join("\n"),
    subject: parts.subject,
    html: htmlOf(parts),
    text: plainOf(parts),
  };
}

function partsOf(template: TemplateName, given: Arguments, options: RenderOptions): Parts {
  const { locale, sender } = options;
  const own = texts[template][locale];
  const values = valuesOf(given, options);
  // ICU has no word for "not there": select {…, none {} other {…}} says it.
  const fill = (message: string) =>
    fillIn(message, locale, { provider: "none", customer: "none", by: "none", told: "none", moved: "none", ...values });
  const { booking } = given;
  const isAboutBooking = booking !== undefined;
  return {
    locale,
    subject: fill(own.subject),
    greeting: values.name === undefined ? frame[locale].helloAnybody : fill(frame[locale].hello),
    code: own.showsCode === true ? values.code : undefined,
    paragraphs: own.paragraphs.flatMap((paragraph) => {
      if (typeof paragraph === "string") return [fill(paragraph)];
      return values[paragraph.when] === undefined ? [] : [fill(paragraph.text)];
    }),
    facts: isAboutBooking
      ? Object.entries(labels[locale]).flatMap(([key, label]) => {
          const value = values[key];
          return value === undefined ? [] : [{ label, value }];
        })
      : [],
    link:
      own.link === undefined || booking === undefined
        ? undefined
        : { text: own.link, url: options.bookingLink.replaceAll("{booking}", encodeURIComponent(idOf(booking))) },
    footer: fillIn(frame[locale].footer, locale, { sender }),
  };
}

/** What messages name: texts in the language, amounts and times as people write them. */
function valuesOf(given: Arguments, { locale, now, expireTime }: RenderOptions): Readonly<Record<string, string>> {
  const text = (key: string) => lineOf(textOf(given, key, locale));
  const money = (key: string) => {
    const [amount, currency] = [given[key], given.currency];
    return amount === undefined || currency === undefined ? undefined : formatMoney(BigInt(amount), currency, locale);
  };
  const { startTime, previousStartTime, timeZone, booking, partySize } = given;
  const isMoved = previousStartTime !== undefined && previousStartTime !== startTime;
  const time = (instant: string | undefined) =>
    instant === undefined || timeZone === undefined
      ? undefined
      : formatTime(Temporal.Instant.from(instant), timeZone, locale);
  // The message itself took a moment: ten minutes are still called ten.
  const minutes = expireTime === undefined ? undefined : Math.round(expireTime.since(now).total("minutes"));
  return presentOf({
    name: nameOf(text("name")),
    customer: nameOf(text("customer")),
    code: text("code"),
    provider: text("provider"),
    services: text("services"),
    address: text("address"),
    reason: text("reason"),
    by: given.by,
    told: given.told,
    when: time(startTime),
    before: isMoved ? time(previousStartTime) : undefined,
    moved: isMoved ? "TIME" : undefined,
    party: partySize === undefined ? undefined : fillIn(partyTexts[locale], locale, { party: Number(partySize) }),
    total: money("totalMinor"),
    atVenue: money("atVenueMinor"),
    penalty: money("penaltyMinor"),
    refund: money("refundMinor"),
    reference: booking === undefined ? undefined : referenceOf(booking),
    minutes: minutes === undefined ? undefined : String(minutes),
  });
}

/** What people read out on the phone: the end of a booking's id. */
function referenceOf(booking: string): string {
  return idOf(booking).replaceAll("-", "").slice(-10).toUpperCase();
}

// Names are the one thing in a mail that a stranger may choose: what reads as a link is no name.
function nameOf(text: string | undefined): string | undefined {
  if (text === undefined || /:\/\/|www\.|[\p{L}\p{N}]\.[\p{L}]{2,}/iu.test(text)) return undefined;
  return text.slice(0, 100);
}

// One line, without what would reorder the text around it.
function lineOf(text: string | undefined): string | undefined {
  const line = text
    ?.replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, "")
    .trim();
  return line === "" ? undefined : line;
}

function presentOf(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}

function fillIn(message: string, locale: Locale, values: Readonly<Record<string, string | number>>): string {
  return String(formatOf(message, locale).format(values));
}

const formats = new Map<string, IntlMessageFormat>();

function formatOf(message: string, locale: Locale): IntlMessageFormat {
  const key = `${locale}\n${message}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new IntlMessageFormat(message, locale === "ar" ? "ar-u-nu-latn" : locale, undefined, { ignoreTag: true });
    formats.set(key, format);
  }
  return format;
}

function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function plainOf({ greeting, code, paragraphs, facts, link, footer }: Parts): string {
  const blocks = [
    greeting,
    ...(code === undefined ? [] : [code]),
    ...paragraphs,
    facts.map(({ label, value }) => `${label}: ${value}`).join("\n"),
    link === undefined ? "" : `${link.text}: ${link.url}`,
    footer,
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}
