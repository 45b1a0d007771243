import { describe, expect, test } from "@jest/globals";
import { usualPolicy } from "../../test/terms.ts";
import { faultsOf } from "./check-policy.ts";
import type { Policy } from "./policy.ts";

describe("what contradicts itself in a policy (BK-05)", () => {
  const step = (withinMinutes: number) => ({ withinMinutes, percent: 80 });
  const inWindow = (index: number, limit: string) => ({
    field: `penaltySteps[${index}].withinMinutes`,
    name: "lt",
    limit,
  });
  const twice = (index: number) => ({ field: `penaltySteps[${index}].withinMinutes`, name: "unique" });
  const rows: readonly (readonly [string, Partial<Policy>, readonly object[]])[] = [
    ["no steps", {}, []],
    ["a step a minute inside of what is late", { penaltySteps: [step(1439)] }, []],
    ["a step at the end of the free window", { penaltySteps: [step(1440)] }, [inWindow(0, "1440")]],
    ["steps in any order", { penaltySteps: [step(30), step(600), step(60)] }, []],
    ["the same minutes twice", { penaltySteps: [step(30), step(60), step(30)] }, [twice(2)]],
    ["no free window", { freeWindowMinutes: 0, penaltySteps: [step(1)] }, [inWindow(0, "0")]],
    [
      "approval in no time",
      { needsApproval: true, approvalMinutes: 0 },
      [{ field: "approvalMinutes", name: "gt", limit: "0" }],
    ],
    ["approval within a minute", { needsApproval: true, approvalMinutes: 1 }, []],
    ["no approval, in no time", { needsApproval: false, approvalMinutes: 0 }, []],
  ];
  test.each(rows)("given %s, then it is found", (_, terms, faults) => {
    expect(faultsOf({ ...usualPolicy, ...terms })).toEqual(faults);
  });
});
