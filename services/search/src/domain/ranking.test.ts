import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { distanceMetres, earthRadiusMetres } from "./distance.ts";
import type { Candidate } from "./document.ts";
import { after, type RankingRules, rank, scoreOf } from "./ranking.ts";

const rules: RankingRules = {
  weights: { distance: 0.3, rating: 0.25, availability: 0.25, verification: 0.2 },
  unratedStars: 3.5,
  unverifiedValue: 0.7,
};
const here = { latitude: 0, longitude: 0 };
/** A point so many metres to the north. */
const north = (metres: number) => ({ latitude: (metres / earthRadiusMetres) * (180 / Math.PI), longitude: 0 });
const candidate = (over: Partial<Candidate> = {}): Candidate => ({
  providerId: "a",
  point: here,
  verified: true,
  ratingAverage: 5,
  ratingCount: 1,
  openMinutes: 100,
  freeMinutes: 100,
  ...over,
});
const question = { point: here, radiusMetres: 10_000 };

describe("distanceMetres", () => {
  test.each([
    [{ latitude: 31.9539, longitude: 35.9106 }, { latitude: 25.2048, longitude: 55.2708 }, 2_022_000],
    [{ latitude: 0, longitude: 179.9 }, { latitude: 0, longitude: -179.9 }, 22_239],
    [{ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 77 }, Math.PI * earthRadiusMetres],
    [here, here, 0],
  ])("given %j and %j, it is about %d m", (a, b, metres) => {
    expect(Math.abs(distanceMetres(a, b) - metres)).toBeLessThan(metres * 0.01 + 0.001);
    expect(distanceMetres(b, a)).toBe(distanceMetres(a, b));
  });
});

describe("scoreOf", () => {
  test.each<[string, Partial<Candidate>, Partial<ReturnType<typeof scoreOf>["parts"]>]>([
    ["at the point", {}, { distance: 1 }],
    ["half way to the radius", { point: north(5_000) }, { distance: 0.5 }],
    ["at the radius", { point: north(10_000) }, { distance: 0 }],
    ["beyond the radius", { point: north(15_000) }, { distance: 0 }],
    ["unrated", { ratingAverage: 0, ratingCount: 0 }, { rating: 0.7 }],
    ["rated 4", { ratingAverage: 4 }, { rating: 0.8 }],
    ["half free", { freeMinutes: 50 }, { availability: 0.5 }],
    ["never open", { openMinutes: 0, freeMinutes: 0 }, { availability: 0 }],
    ["not verified", { verified: false }, { verification: 0.7 }],
  ])("given one %s, its part says so", (_, over, parts) => {
    const scored = scoreOf(candidate(over), question, rules);
    for (const [name, value] of Object.entries(parts)) {
      expect(Reflect.get(scored.parts, name)).toBeCloseTo(value, 9);
    }
  });

  test("given all parts, the score is the weighted sum", () => {
    const scored = scoreOf(
      candidate({ point: north(2_500), ratingAverage: 4, freeMinutes: 20, verified: false }),
      question,
      rules,
    );
    expect(scored.score).toBeCloseTo(0.3 * 0.75 + 0.25 * 0.8 + 0.25 * 0.2 + 0.2 * 0.7, 9);
    expect(scored.distanceMetres).toBeCloseTo(2_500, 6);
  });
});

describe("rank", () => {
  test("given ties, ids decide", () => {
    const ranked = rank([candidate({ providerId: "b" }), candidate({ providerId: "c" }), candidate()], question, rules);
    expect(ranked.map(({ providerId }) => providerId)).toEqual(["a", "b", "c"]);
  });

  test("pages put together are the whole order, each once", () => {
    const one = fc.record({ stars: fc.integer({ min: 1, max: 5 }), metres: fc.integer({ min: 0, max: 4 }) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (many, size) => {
        const ranked = rank(
          many.map(({ stars, metres }, i) =>
            candidate({ providerId: `p${i}`, ratingAverage: stars, point: north(metres * 1_000) }),
          ),
          question,
          rules,
        );
        const pages: string[] = [];
        for (let rest = ranked; rest.length > 0; rest = after(ranked, ranked[pages.length - 1])) {
          pages.push(...rest.slice(0, size).map(({ providerId }) => providerId));
        }
        expect(pages).toEqual(ranked.map(({ providerId }) => providerId));
      }),
    );
  });
});
