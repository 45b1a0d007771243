import type { Locale } from "@dawr/rpc";

/** Minor units of the currencies that do not have two decimals (ISO 4217). */
const exponents: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ").map((c) => [c, 0]),
  ),
  ...Object.fromEntries("BHD IQD JOD KWD LYD OMR TND".split(" ").map((c) => [c, 3])),
  CLF: 4,
  UYW: 4,
};

/** How many decimals a currency has by ISO 4217; the language data of Intl knows others for some. */
const exponentOf = (currency: string): number => exponents[currency] ?? 2;

/** Latin digits everywhere: codes, prices and times are read aloud and typed. */
const tags = { en: "en-GB", ar: "ar-u-nu-latn" } as const satisfies Record<Locale, string>;

/** An amount of minor units as people write it: 40000 JOD is "JOD 40.000". */
export function formatMoney(amountMinor: bigint, currency: string, locale: Locale): string {
  const digits = exponentOf(currency);
  const unit = 10n ** BigInt(digits);
  const rest = (amountMinor < 0n ? -amountMinor : amountMinor) % unit;
  const format = new Intl.NumberFormat(tags[locale], {
    style: "currency",
    currency,
    currencyDisplay: "code",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  // Whole units as bigint, decimals put in as text: no amount is too large to be exact.
  const parts = format.formatToParts(amountMinor / unit);
  const isLostSign = amountMinor < 0n && amountMinor / unit === 0n;
  const text = parts
    .map(({ type, value }) => (type === "fraction" ? rest.toString().padStart(digits, "0") : value))
    .join("");
  return isLostSign ? `-${text}` : text;
}

/** When something is, as the people of its place say it, such as "Sunday, 1 March 2026 at 12:00 GMT+3". */
export function formatTime(instant: Temporal.Instant, timeZone: string, locale: Locale): string {
  return instant.toLocaleString(tags[locale], {
    timeZone,
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "shortOffset",
  });
}
