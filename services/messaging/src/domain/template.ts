import { MessagingError } from "./errors.ts";

/** What a message is about, and so which texts it has. */
export type TemplateName = keyof typeof templates;

/** What a template is filled with: texts by name; `provider_ar` is the Arabic form of `provider`. */
export type Arguments = Readonly<Record<string, string>>;

const ofBooking = ["booking", "startTime", "timeZone"];

/** Every template, with the arguments without which it makes no sense. */
export const templates = {
  "verification-code": { needs: ["code"] },
  "log-in-code": { needs: ["code"] },
  "account-exists": { needs: [] },
  "booking-confirmed": { needs: ofBooking },
  "booking-rescheduled": { needs: [...ofBooking, "previousStartTime"] },
  "booking-cancelled": { needs: ofBooking },
  "booking-expired": { needs: ofBooking },
  "booking-refunded": { needs: ["booking", "refundMinor", "currency"] },
  "provider-booking-confirmed": { needs: ofBooking },
  "provider-booking-rescheduled": { needs: [...ofBooking, "previousStartTime"] },
  "provider-booking-cancelled": { needs: ofBooking },
} as const satisfies Readonly<Record<string, { readonly needs: readonly string[] }>>;

/** The template of a name that has what it needs; throws TEMPLATE_UNKNOWN or ARGUMENTS_MISSING. */
export function requireTemplate(name: string, given: Arguments): TemplateName {
  if (!isTemplate(name)) throw new MessagingError("TEMPLATE_UNKNOWN", { template: name });
  const missing = templates[name].needs.filter((key) => textOf(given, key, "en") === undefined);
  if (missing.length > 0)
    throw new MessagingError("ARGUMENTS_MISSING", { template: name, missing: missing.join(", ") });
  return name;
}

/** An argument in a language: its own form there, else the one without a language, else English, else any. */
export function textOf(given: Arguments, key: string, locale: string): string | undefined {
  const own = [`${key}_${locale}`, key, `${key}_en`]
    .map((name) => present(given[name]))
    .find((text) => text !== undefined);
  if (own !== undefined) return own;
  const other = Object.entries(given).find(([name, text]) => name.startsWith(`${key}_`) && present(text) !== undefined);
  return other?.[1];
}

function present(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

function isTemplate(name: string): name is TemplateName {
  return Object.hasOwn(templates, name);
}
