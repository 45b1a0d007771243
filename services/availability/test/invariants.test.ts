import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { claimsOf } from "../src/domain/claim.ts";
import { planOf } from "../src/domain/plan.ts";
import { explainSlot, findSlots } from "../src/domain/slots.ts";
import { questionOf, randomWorld } from "./worlds.ts";

const worlds = fc
  .record({
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    zone: fc.constantFrom("Africa/Cairo", "America/New_York", "Australia/Lord_Howe", "Asia/Amman"),
    around: fc.integer({ min: 28_000_000, max: 32_000_000 }),
  })
  .map(({ seed, zone, around }) => randomWorld(seed, zone, around));
const runs = { numRuns: 30 };

test("given any world, when slots are found, then what they would write meets nothing that is taken, nor itself", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const question = questionOf(world);
      const units = [...world.staff, ...world.resources];
      for (const slot of findSlots(question)) {
        const { stretches } = planOf(question, slot, () => "new-session");
        stretches.forEach((a, i) => {
          expect(a.to).toBeGreaterThan(a.from);
          const taken = units.find((unit) => unit.id === a.unitId)?.busy ?? [];
          expect(taken.filter((b) => b.lane === a.lane && b.from < a.to && a.from < b.to)).toEqual([]);
          const clash = stretches.filter(
            (b, k) => k > i && b.unitId === a.unitId && b.lane === a.lane && b.from < a.to && a.from < b.to,
          );
          expect(clash).toEqual([]);
        });
      }
    }),
    runs,
  );
});

test("given any world, when any minute is explained, then it is the slot that was found, or something refuses it", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const question = questionOf(world);
      const slots = new Map(findSlots(question).map((slot) => [slot.from, slot]));
      for (let minute = world.from; minute < world.to; minute += 5) {
        const { slot, refusals } = explainSlot(question, minute);
        expect(slot).toEqual(slots.get(minute));
        expect(refusals.length > 0).toBe(slot === undefined);
      }
    }),
    runs,
  );
});

test("given any world, when slots are found again, then they are the same, in order, one per start and on whole items", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const slots = findSlots(questionOf(world));
      expect(findSlots(questionOf(world))).toEqual(slots);
      slots.forEach((slot, i) => {
        expect(slot.from).toBeGreaterThan(slots[i - 1]?.from ?? Number.NEGATIVE_INFINITY);
        expect(slot.items).toHaveLength(world.items.length);
        expect(slot.from >= world.from && slot.from < world.to).toBe(true);
        for (const claim of claimsOf(slot.items))
          expect(Number.isInteger(claim.from) && Number.isInteger(claim.to)).toBe(true);
      });
    }),
    runs,
  );
});
