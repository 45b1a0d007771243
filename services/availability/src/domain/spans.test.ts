import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { covers, intersect, lengthOf, meets, type Spans, subtract, unite } from "./spans.ts";

const pairs = fc
  .array(fc.tuple(fc.nat(40), fc.nat(8)), { maxLength: 8 })
  .map((list) => list.flatMap(([from, length]) => [from, from + length]));

function minutesOf(spans: Spans): readonly number[] {
  return Array.from({ length: 60 }, (_, minute) => minute).filter((minute) =>
    spans.some((from, i) => i % 2 === 0 && from <= minute && minute < (spans[i + 1] ?? 0)),
  );
}

describe("stretches of minutes", () => {
  test("given any two, when combined, then they are what sets of minutes are", () => {
    fc.assert(
      fc.property(pairs, pairs, (p, q) => {
        const a = unite(p);
        const b = unite(q);
        const inB = new Set(minutesOf(b));
        expect(minutesOf(a)).toEqual(minutesOf(p));
        expect(minutesOf(intersect(a, b))).toEqual(minutesOf(a).filter((m) => inB.has(m)));
        expect(minutesOf(subtract(a, b))).toEqual(minutesOf(a).filter((m) => !inB.has(m)));
        expect(lengthOf(a)).toBe(minutesOf(a).length);
      }),
    );
  });

  test("given any, when united, then they ascend and neither overlap nor touch", () => {
    fc.assert(
      fc.property(pairs, (p) => {
        const united = unite(p);
        expect(united.every((value, i) => i === 0 || value > (united[i - 1] ?? 0))).toBe(true);
      }),
    );
  });

  test("given any and an interval, when asked, then covers and meets speak of its minutes", () => {
    fc.assert(
      fc.property(pairs, fc.nat(45), fc.integer({ min: 1, max: 10 }), (p, from, length) => {
        const spans = unite(p);
        const held = new Set(minutesOf(spans));
        const asked = Array.from({ length }, (_, i) => from + i);
        expect(covers(spans, from, from + length)).toBe(asked.every((m) => held.has(m)));
        expect(meets(spans, from, from + length)).toBe(asked.some((m) => held.has(m)));
      }),
    );
  });
});
