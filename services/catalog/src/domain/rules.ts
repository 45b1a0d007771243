import { CatalogError } from "./errors.ts";

/** What a vertical's menu may be made of. */
export type MenuRules = {
  readonly vertical: string;
  /** Category ids of the vertical. */
  readonly categories: ReadonlySet<string>;
  /** The provider's currency. */
  readonly currencyCode: string;
};

/** Refuses with TIME_ZONE_UNKNOWN what is no IANA time zone. */
export function checkTimeZone(timeZone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
  } catch (cause) {
    throw new CatalogError("TIME_ZONE_UNKNOWN", { time_zone: timeZone }, { cause });
  }
}

/** Refuses with CURRENCY_WRONG a currency that is none of the allowed. */
export function checkCurrency(currencyCode: string, allowed: readonly string[]): void {
  if (!allowed.includes(currencyCode)) throw new CatalogError("CURRENCY_WRONG", { currency_code: currencyCode });
}

/** Prices of a provider that was ever published stay in their currency. */
export function checkCurrencyChange(from: string, to: string, wasPublished: boolean): void {
  if (from !== to && wasPublished) throw new CatalogError("FIELD_IMMUTABLE", { field: "provider.currencyCode" });
}

/** Refuses a service whose category the vertical does not have, or whose prices are not in the provider's currency. */
export function checkService(
  service: { readonly category: string; readonly currencyCodes: readonly string[] },
  rules: MenuRules,
): void {
  if (!rules.categories.has(service.category))
    throw new CatalogError("CATEGORY_UNKNOWN", { category: service.category });
  for (const code of service.currencyCodes) checkCurrency(code, [rules.currencyCode]);
}

/** Refuses names that the provider does not have. */
export function checkReferences(wanted: readonly string[], known: ReadonlySet<string>): void {
  const unknown = wanted.find((name) => !known.has(name));
  if (unknown !== undefined) throw new CatalogError("REFERENCE_UNKNOWN", { name: unknown });
}
