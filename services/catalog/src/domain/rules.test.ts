import { describe, expect, test } from "@jest/globals";
import { averageOf } from "./rating.ts";
import { checkCurrency, checkCurrencyChange, checkReferences, checkService, checkTimeZone } from "./rules.ts";

const rules = { vertical: "salon", categories: new Set(["haircut"]), currencyCode: "JOD" };

describe("what a menu may be made of", () => {
  test.each<[string, () => void, string | undefined]>([
    ["a zone of IANA", () => checkTimeZone("Asia/Amman"), undefined],
    ["an unknown zone", () => checkTimeZone("Asia/Nowhere"), "TIME_ZONE_UNKNOWN"],
    ["a currency of the platform", () => checkCurrency("JOD", ["JOD", "AED"]), undefined],
    ["another currency", () => checkCurrency("EUR", ["JOD", "AED"]), "CURRENCY_WRONG"],
    ["a new currency before publishing", () => checkCurrencyChange("JOD", "AED", false), undefined],
    ["a new currency after publishing", () => checkCurrencyChange("JOD", "AED", true), "FIELD_IMMUTABLE"],
    ["the same currency after publishing", () => checkCurrencyChange("JOD", "JOD", true), undefined],
    [
      "a service of the vertical",
      () => checkService({ category: "haircut", currencyCodes: ["JOD"] }, rules),
      undefined,
    ],
    [
      "a category of another",
      () => checkService({ category: "botox", currencyCodes: ["JOD"] }, rules),
      "CATEGORY_UNKNOWN",
    ],
    [
      "an add-on in another currency",
      () => checkService({ category: "haircut", currencyCodes: ["JOD", "USD"] }, rules),
      "CURRENCY_WRONG",
    ],
    ["known names", () => checkReferences(["a"], new Set(["a", "b"])), undefined],
    ["an unknown name", () => checkReferences(["a", "c"], new Set(["a", "b"])), "REFERENCE_UNKNOWN"],
  ])("given %s, it is taken or refused", (_, check, reason) => {
    if (reason === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ reason }));
  });
});

test.each([
  [{ count: 0, sum: 0 }, 0],
  [{ count: 2, sum: 9 }, 4.5],
])("given %j, the average is %d", (total, average) => {
  expect(averageOf(total)).toBe(average);
});
