/** Languages that every text of the platform exists in; the first is what others get. */
export const locales = ["en", "ar"] as const;
export type Locale = (typeof locales)[number];

const known = new Map<string, Locale>();
const knownLimit = 500;

/** The platform's language that an accept-language header likes best; English when it likes none. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  if (acceptLanguage === undefined || acceptLanguage === "") return locales[0];
  let locale = known.get(acceptLanguage);
  if (locale === undefined) {
    locale = negotiate(acceptLanguage);
    // Headers are the callers' to choose: what is remembered of them has a bound.
    if (known.size < knownLimit && acceptLanguage.length < 200) known.set(acceptLanguage, locale);
  }
  return locale;
}

function negotiate(header: string): Locale {
  let best: Locale = locales[0];
  let bestQuality = 0;
  for (const range of header.slice(0, 1000).split(",")) {
    const [tag = "", ...parameters] = range.trim().toLowerCase().split(";");
    const quality = Number(
      parameters
        .find((p) => p.trim().startsWith("q="))
        ?.trim()
        .slice(2) ?? 1,
    );
    const locale = locales.find((l) => tag === l || tag.startsWith(`${l}-`));
    if (locale !== undefined && quality > bestQuality) {
      best = locale;
      bestQuality = quality;
    }
  }
  return best;
}
