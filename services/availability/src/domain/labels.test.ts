import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { localLabels } from "./labels.ts";
import { instantOf, zoneLine } from "./zone-line.ts";

test("given any minute and zone, when labelled, then it is what Temporal writes", () => {
  const zones = [
    "Asia/Amman",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 21_000_000, max: 32_000_000 }), (zone, minute) => {
      const expected = instantOf(minute).toZonedDateTimeISO(zone).toString({ timeZoneName: "never" });
      expect(localLabels(zoneLine(zone, minute, minute + 1))(minute)).toBe(expected);
    }),
  );
});
