import { describe, expect, test } from "@jest/globals";
import { type DependentFacts, type DependentFault, faultsOf } from "./dependent.ts";

const day = (text: string) => Temporal.PlainDate.from(text);
const today = day("2026-05-04");
const child: DependentFacts = {
  isChild: true,
  displayName: "Zeina",
  birthDate: day("2020-02-29"),
  vaccinationDates: [],
  petFields: [],
};
const pet: DependentFacts = { ...child, isChild: false, displayName: "Mishmish", petFields: ["species", "sex"] };

describe("given a dependent on 4 May 2026 (ID-08)", () => {
  test.each<readonly [string, DependentFacts, readonly (readonly [string, DependentFault["rule"]])[]]>([
    ["a child with a birth date", child, []],
    ["a child without one", { ...child, birthDate: undefined }, [["birthDate", "required"]]],
    ["a child born today", { ...child, birthDate: today }, []],
    ["a child born tomorrow", { ...child, birthDate: day("2026-05-05") }, [["birthDate", "not_later"]]],
    ["a child with a breed", { ...child, petFields: ["breed"] }, [["breed", "of_pets"]]],
    ["a pet", pet, []],
    ["a pet of unknown age", { ...pet, birthDate: undefined }, []],
    ["a pet born tomorrow", { ...pet, birthDate: day("2026-05-05") }, [["birthDate", "not_later"]]],
    ["a pet without a name", { ...pet, displayName: "" }, [["displayName", "required"]]],
    ["a pet vaccinated today", { ...pet, vaccinationDates: [day("2025-01-01"), today] }, []],
    ["a pet vaccinated tomorrow", { ...pet, vaccinationDates: [day("2026-05-05")] }, [["vaccinations", "not_later"]]],
  ])("when it is %s, then what is wrong is told", (_, dependent, faults) => {
    expect(faultsOf(dependent, today)).toEqual(faults.map(([field, rule]) => ({ field, rule })));
  });
});
