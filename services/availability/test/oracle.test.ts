import { describe, expect, test } from "@jest/globals";
import { oracleSlots } from "./oracle.ts";
import { answerOf, gapsOf, randomWorld, worldAt } from "./worlds.ts";

/** Places where naive slot code goes wrong, with the instant around which it does. */
const cases: readonly (readonly [string, string, string])[] = [
  ["clocks go forward at midnight", "Africa/Cairo", "2024-04-25T22:00Z"],
  ["clocks go back at midnight", "Africa/Cairo", "2024-10-31T21:00Z"],
  ["clocks go forward at midnight", "Asia/Beirut", "2025-03-29T22:00Z"],
  ["clocks go back at midnight", "Asia/Beirut", "2025-10-25T21:00Z"],
  ["clocks go forward at midnight", "America/Santiago", "2025-09-07T04:00Z"],
  ["clocks go back at midnight", "America/Santiago", "2025-04-06T03:00Z"],
  ["clocks go forward by half an hour", "Australia/Lord_Howe", "2025-10-04T15:30Z"],
  ["clocks go back by half an hour", "Australia/Lord_Howe", "2025-04-05T15:00Z"],
  ["30 December 2011 never came", "Pacific/Apia", "2011-12-30T10:00Z"],
  ["clocks go forward at 2", "America/New_York", "2026-03-08T07:00Z"],
  ["clocks go back at 2", "America/New_York", "2026-11-01T06:00Z"],
  ["clocks go forward at 1", "Europe/London", "2026-03-29T01:00Z"],
  ["clocks go back at 2", "Europe/London", "2026-10-25T01:00Z"],
  ["the last change of a zone", "Asia/Amman", "2022-10-28T00:00Z"],
  ["by two hours", "Antarctica/Troll", "2026-03-29T01:00Z"],
  ["for Ramadan", "Africa/Casablanca", "2026-02-15T02:00Z"],
  ["a quarter of an hour from the rest", "Asia/Kathmandu", "2026-05-01T00:00Z"],
  ["clocks go forward at midnight", "America/Havana", "2026-03-08T05:00Z"],
];

describe("findSlots and the oracle agree", () => {
  test.each(cases)("given random schedules, when %s in %s, then not one slot differs", (_, zone, at) => {
    for (let seed = 1; seed <= 16; seed++) {
      const world = worldAt(seed * 1000, zone, at);
      expect({ seed, slots: answerOf(world) }).toEqual({ seed, slots: oracleSlots(world) });
    }
  });

  test("given random weeks in many zones, when asked, then not one slot differs", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    for (let seed = 0; seed < 100; seed++) {
      const zone = zones[(seed * 37) % zones.length] ?? "UTC";
      const world = randomWorld(seed, zone, 28_500_000 + seed * 20_011);
      expect({ seed, zone, slots: answerOf(world) }).toEqual({ seed, zone, slots: oracleSlots(world) });
    }
  });

  test("given the worlds above, then they are not empty: sequences, gaps, rooms and joined sessions occur", () => {
    const seen = { slots: 0, sequences: 0, gaps: 0, rooms: 0, joined: 0 };
    for (let seed = 0; seed < 400; seed++) {
      for (const { items } of answerOf(randomWorld(seed, "Africa/Cairo", 28_500_000))) {
        seen.slots++;
        if (items.length > 1) seen.sequences++;
        if (gapsOf(items).some((gap) => gap > 0)) seen.gaps++;
        if (items.some((item) => item.uses.length > 0)) seen.rooms++;
        if (items.some((item) => item.session !== undefined)) seen.joined++;
      }
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5);
  });
});
