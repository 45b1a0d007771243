import { expect, test } from "@jest/globals";
import { localeOf } from "./locale.ts";

test.each([
  [undefined, "en"],
  ["", "en"],
  ["ar", "ar"],
  ["ar-JO", "ar"],
  ["AR-sa;q=0.5, en;q=0.4", "ar"],
  ["en, ar", "en"],
  ["fr, de;q=0.9", "en"],
  ["ar;q=0, en;q=0.1", "en"],
  ["arc", "en"],
  [";;;q=,,", "en"],
])("who accepts %j reads %s", (header, locale) => {
  expect(localeOf(header)).toBe(locale);
});
