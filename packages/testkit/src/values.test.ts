import { describe, expect, test } from "@jest/globals";
import { testClock } from "./clock.ts";
import { eventually } from "./eventually.ts";
import { testIds } from "./ids.ts";

describe("testClock", () => {
  test("given a start, then time stands still until it is moved, on or back", () => {
    const clock = testClock("2026-03-01T09:00:00Z");
    expect(clock.now()).toEqual(Temporal.Instant.from("2026-03-01T09:00:00Z"));
    clock.advance({ minutes: 15 });
    expect(clock.now()).toEqual(Temporal.Instant.from("2026-03-01T09:15:00Z"));
    clock.advance("-PT20M");
    expect(clock.now()).toEqual(Temporal.Instant.from("2026-03-01T08:55:00Z"));
    expect(clock.advance(Temporal.Duration.from({ days: 2, milliseconds: 5 }))).toEqual(
      Temporal.Instant.from("2026-03-03T08:55:00.005Z"),
    );
  });
});

describe("testIds", () => {
  test("given a seed, then the ids are UUIDv7 in order, the same each time, and others for another seed", () => {
    const [ids, same, other] = [testIds("a"), testIds("a"), testIds("b")];
    const made = [ids(), ids(), ids()];
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...made].sort()).toEqual(made);
    expect([same(), same(), same()]).toEqual(made);
    expect(made).not.toContain(other());
  });
});

describe("eventually", () => {
  test("given a check that fails at first, then its answer comes once it passes", async () => {
    let failures = 3;
    const answer = eventually(() => {
      if (failures-- > 0) throw new Error("not yet");
      return "there";
    });
    expect(await answer).toBe("there");
  });

  test("given a check that never passes, then its own last error is thrown", async () => {
    let asked = 0;
    const answer = eventually(() => Promise.reject(new Error(`not yet ${++asked}`)), { timeoutMs: 20 });
    await expect(answer).rejects.toThrow(/not yet [2-9]/);
  });
});
