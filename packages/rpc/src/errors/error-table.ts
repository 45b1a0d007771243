import type { Code } from "@connectrpc/connect";
import { IntlMessageFormat } from "intl-messageformat";

/** What one reason becomes for callers: its code, and its text as ICU messages by language tag. */
export type ErrorSpec = {
  readonly code: Code;
  readonly message: Readonly<Record<string, string>> & { readonly en: string; readonly ar: string };
};

/** All reasons of one domain ("booking.dawr"). */
export type ErrorTable = {
  readonly domain: string;
  readonly reasons: Readonly<Record<string, ErrorSpec>>;
};

/** Checks and returns a service's table of error reasons; throws when a reason is no UPPER_SNAKE name or a text is no ICU message. */
export function defineErrors<const T extends ErrorTable>(table: T): T {
  const problems: string[] = [];
  for (const [reason, spec] of Object.entries(table.reasons)) {
    if (!/^[A-Z][A-Z0-9_]{0,62}$/.test(reason)) problems.push(`${reason} is not UPPER_SNAKE_CASE`);
    for (const [locale, text] of Object.entries(spec.message)) {
      try {
        messageFormat(text, locale);
      } catch (error) {
        problems.push(`${reason}.${locale}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  if (problems.length > 0) throw new Error(`The errors of ${table.domain} are wrong: ${problems.join("; ")}`);
  return table;
}

/** The text of a reason in the language asked for (English where there is none), its metadata filled in. */
export function errorText(
  spec: ErrorSpec,
  locale: string,
  metadata: Readonly<Record<string, string | number>>,
): { readonly locale: string; readonly text: string } {
  const own = spec.message[locale];
  const language = own === undefined ? "en" : locale;
  const format = messageFormat(own ?? spec.message.en, language);
  try {
    return { locale: language, text: String(format.format(metadata)) };
  } catch {
    // An argument that the thrower left out must not turn a refusal into a failure.
    return { locale: language, text: own ?? spec.message.en };
  }
}

const formats = new Map<string, IntlMessageFormat>();

function messageFormat(text: string, locale: string): IntlMessageFormat {
  const key = `${locale}\n${text}`;
  let format = formats.get(key);
  if (format === undefined) {
    // Texts are plain: a "<" in one is a character, not markup.
    format = new IntlMessageFormat(text, locale, undefined, { ignoreTag: true });
    formats.set(key, format);
  }
  return format;
}
