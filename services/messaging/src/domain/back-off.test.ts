import { describe, expect, test } from "@jest/globals";
import { afterAttempt, type Outcome } from "./back-off.ts";

const at = Temporal.Instant.from("2026-03-01T08:00:00Z");
const rule = {
  first: Temporal.Duration.from({ seconds: 2 }),
  limit: Temporal.Duration.from({ seconds: 30 }),
  attempts: 3,
};
const again = (seconds: number, failures: number) => ({ kind: "again", at: at.add({ seconds }), failures });

describe("after an attempt", () => {
  test.each([
    ["delivered", 1, 0, { kind: "delivered" }],
    ["refused", 1, 0, { kind: "given up" }],
    ["failed", 1, 0, again(2, 1)],
    ["failed", 2, 1, again(4, 2)],
    ["failed", 3, 2, { kind: "given up" }],
    ["unreachable", 1, 0, again(2, 0)],
    ["unreachable", 4, 2, again(16, 2)],
    ["unreachable", 5, 0, again(30, 0)],
    ["unreachable", 1_000_000, 0, again(30, 0)],
  ] as const satisfies readonly (readonly [Outcome, number, number, object])[])(
    "given it was %s, attempt %s after %s refusals, then %j",
    (outcome, attempts, failures, verdict) => {
      expect(afterAttempt(outcome, { attempts, failures }, rule, at)).toEqual(verdict);
    },
  );
});
