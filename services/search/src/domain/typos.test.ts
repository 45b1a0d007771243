import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { errorsAllowed, meansWord, variantsOf } from "./typos.ts";

describe("meansWord", () => {
  test.each([
    ["hair", "haircut", true],
    ["haircut", "hair", false],
    ["hairct", "haircut", true],
    ["hiarcut", "haircut", true],
    ["haxrcut", "haircut", true],
    ["hxxrcut", "haircut", false],
    ["barbrshp", "barbershop", true],
    ["brbrshp", "barbershop", false],
    ["mannnicure", "manicure", true],
    ["حلاك", "حلاق", true],
    ["حلا", "قلا", false],
    ["spa", "spe", false],
  ])("given %j and %j, it is %j", (asked, word, expected) => {
    expect(meansWord(asked, word)).toBe(expected);
  });

  test.each([
    ["abc", 0],
    ["abcd", 1],
    ["abcdefg", 1],
    ["abcdefgh", 2],
  ])("%j may have %i errors", (word, errors) => {
    expect(errorsAllowed(word)).toBe(errors);
  });

  test("whatever is meant begins with the word or shares a variant with it, so that an index finds it", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "د"), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(word, word, (asked, known) => {
        if (!meansWord(asked, known) || known.startsWith(asked)) return;
        expect(variantsOf(asked).isDisjointFrom(variantsOf(known))).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });
});
