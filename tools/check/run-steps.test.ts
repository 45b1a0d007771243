import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "./jest-run.ts";
import { describeTotals, runSteps, type Step } from "./run-steps.ts";

const passing: Step = { name: "fine", run: async () => ({ passed: 3, failed: 0, skipped: 1, output: "" }) };
const failing: Step = { name: "broken", run: async () => ({ passed: 1, failed: 2, skipped: 0, output: "why" }) };
const throwing: Step = { name: "absent", run: () => Promise.reject(new Error("buf cannot be started")) };

describe("runSteps", () => {
  test("given steps of every kind, when run, then all run and one that cannot start has failed", async () => {
    const lines: string[] = [];
    const totals = await runSteps([throwing, failing, passing], (line) => lines.push(line));
    expect(totals).toEqual({ passed: 4, failed: 3, skipped: 1 });
    expect(lines.filter((line) => /^\w/.test(line)).map((line) => line.split(/\s+/).slice(0, 2))).toEqual([
      ["absent", "FAILED"],
      ["broken", "FAILED"],
      ["fine", "ok"],
    ]);
    expect(lines.join("\n")).toContain("buf cannot be started");
  });
});

describe("describeTotals", () => {
  test.each([
    [{ passed: 7, failed: 0, skipped: 0 }, "7 passed, 0 failed"],
    [{ passed: 7, failed: 1, skipped: 2 }, "7 passed, 1 failed, 2 skipped"],
  ])("given %j, when described, then %s", (totals, line) => {
    expect(describeTotals(totals)).toBe(line);
  });
});

describe("outcomeOf a Jest run", () => {
  const report = {
    success: true,
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 1,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 0,
    testResults: [],
  };

  test("given a green report, when counted, then its tests are", () => {
    expect(outcomeOf(report, 0, "")).toMatchObject({ passed: 5, failed: 0, skipped: 2 });
  });

  test.each([
    ["no report", undefined, 1, 0],
    ["an exit code that the report does not explain", report, 1, 5],
    ["no test at all", { ...report, numPassedTests: 0 }, 0, 0],
    ["a file that cannot be loaded", { ...report, success: false, numRuntimeErrorTestSuites: 1 }, 1, 5],
  ])("given %s, when counted, then one has failed", (_case, given, exitCode, passed) => {
    expect(outcomeOf(given, exitCode, "output")).toMatchObject({ passed, failed: 1 });
  });
});
