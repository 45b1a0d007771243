import { describe, expect, test } from "@jest/globals";
import { pauseAfterMs } from "./backoff.ts";

describe("pauseAfterMs", () => {
  const backoff = { firstMs: 100, maxMs: 1_000 };
  test.each([
    { attempt: 1, chance: 0, ms: 50 },
    { attempt: 1, chance: 1, ms: 100 },
    { attempt: 2, chance: 0.5, ms: 150 },
    { attempt: 4, chance: 1, ms: 800 },
    { attempt: 5, chance: 1, ms: 1_000 },
    { attempt: 5_000, chance: 0, ms: 500 },
  ])("given attempt $attempt and chance $chance, then the pause is $ms ms", ({ attempt, chance, ms }) => {
    expect(pauseAfterMs(attempt, backoff, () => chance)).toBe(ms);
  });
});
