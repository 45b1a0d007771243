import { listField, textField } from "@dawr/config";

/** The catalogue's settings. */
export const config = {
  CATALOG_CURRENCIES: listField()
    .default(["JOD", "AED", "SAR", "USD"])
    .describe("the currencies that providers may have their prices in, ISO 4217"),
  CATALOG_VERTICALS_FILE: textField()
    .optional()
    .describe("a JSON file with verticals and categories in place of the built-in ones"),
};
