import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { noFaults, planCall, planDelivery, seededDraws } from "./faults.ts";

describe("seededDraws", () => {
  test("given a seed, when drawn from twice, then the draws are the same and differ by kind and by seed", () => {
    const draws = (seed: number, kind: string) => {
      const draw = seededDraws(seed);
      return Array.from({ length: 50 }, () => draw(kind));
    };
    expect(draws(7, "a")).toEqual(draws(7, "a"));
    expect(draws(7, "a")).not.toEqual(draws(7, "b"));
    expect(draws(7, "a")).not.toEqual(draws(8, "a"));
  });

  test("given any seed, when drawn often, then shares come out about as asked", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const draw = seededDraws(seed);
        const hits = Array.from({ length: 2_000 }, () => draw("x")).filter((value) => value < 0.3).length;
        expect(hits).toBeGreaterThan(450);
        expect(hits).toBeLessThan(750);
      }),
      { numRuns: 20 },
    );
  });
});

describe("plans", () => {
  test("given no faults, when anything is planned, then it happens once, now, and is answered", () => {
    expect(planDelivery(noFaults, () => 0)).toEqual({ delaysMs: [0], loseFirst: false });
    expect(planCall(noFaults, true, () => 0)).toBe("none");
  });

  test("given all faults, when a webhook is planned, then it comes late, held back, twice and its first try is lost", () => {
    const webhooks = { late: 1, lateMs: 20, twice: 1, reorder: 1, reorderMs: 5, lose: 1 };
    expect(planDelivery({ ...noFaults, webhooks }, () => 0.99)).toEqual({ delaysMs: [25, 25], loseFirst: true });
  });

  test("given lost answers, when calls are planned, then only writes lose theirs", () => {
    const plan = { ...noFaults, api: { loseResponse: 1, fail: 0, slowMs: 0 } };
    expect(planCall(plan, true, () => 0.5)).toBe("lose-response");
    expect(planCall(plan, false, () => 0.5)).toBe("none");
    expect(planCall({ ...plan, api: { ...plan.api, fail: 1 } }, false, () => 0.5)).toBe("fail");
  });
});
