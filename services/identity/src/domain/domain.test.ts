import { describe, expect, test } from "@jest/globals";
import { requireAge } from "./age.ts";
import { afterFailure, isLocked, type LockRule } from "./lockout.ts";

const day = (text: string) => Temporal.PlainDate.from(text);

describe("given the age gate of 18 (ID-09)", () => {
  test.each([
    ["2008-05-04", "2026-05-03", false],
    ["2008-05-04", "2026-05-04", true],
    ["2008-02-29", "2026-02-28", false],
    ["2008-02-29", "2026-03-01", true],
    ["2004-02-29", "2024-02-29", true],
  ])("when somebody born on %s asks on %s, then the answer is %s", (born, today, isOldEnough) => {
    const ask = () => requireAge(day(born), day(today), 18);
    if (isOldEnough) expect(ask).not.toThrow();
    else expect(ask).toThrow(expect.objectContaining({ reason: "TOO_YOUNG", metadata: { min_age_years: "18" } }));
  });
  test("when the gate is 20, then a leap-day birthday in a leap year counts on the day itself", () => {
    expect(() => requireAge(day("2008-02-29"), day("2028-02-28"), 20)).toThrow();
    expect(() => requireAge(day("2008-02-29"), day("2028-02-29"), 20)).not.toThrow();
  });
});

describe("given failed log-ins (ID-05)", () => {
  const at = Temporal.Instant.from("2026-05-04T08:00:00Z");
  const rule: LockRule = {
    allowedFailures: 5,
    firstLock: Temporal.Duration.from({ minutes: 1 }),
    longestLock: Temporal.Duration.from({ hours: 1 }),
  };
  const afterFailures = (count: number) => afterFailure({ count: count - 1, lockUntil: undefined }, at, rule);
  test("when it is the fourth, then nothing is locked; the fifth locks for a minute", () => {
    expect(afterFailures(4)).toEqual({ count: 4, lockUntil: undefined });
    expect(afterFailures(5)).toEqual({ count: 5, lockUntil: at.add({ minutes: 1 }) });
  });
  test("when more follow, then each locks for twice as long, up to the longest", () => {
    expect(afterFailures(6).lockUntil).toEqual(at.add({ minutes: 2 }));
    expect(afterFailures(10).lockUntil).toEqual(at.add({ minutes: 32 }));
    expect(afterFailures(11).lockUntil).toEqual(at.add({ hours: 1 }));
    expect(afterFailures(2000).lockUntil).toEqual(at.add({ hours: 1 }));
  });
  test("when the lock's end has come, then it is free", () => {
    const locked = afterFailures(5);
    expect(isLocked(locked, at.add({ seconds: 59 }))).toBe(true);
    expect(isLocked(locked, at.add({ minutes: 1 }))).toBe(false);
  });
});
