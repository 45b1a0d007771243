import { expect, test } from "@jest/globals";
import { oracleSlots } from "./oracle.ts";
import { answerOf, randomWorld } from "./worlds.ts";

test("given a random schedule for each transition of each zone from 2024 to 2030, when asked two days around it, then not one slot differs", () => {
  let seed = 0;
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    for (const at of transitionsOf(zone)) {
      const world = randomWorld(++seed, zone, at);
      expect({ seed, zone, slots: answerOf(world) }).toEqual({ seed, zone, slots: oracleSlots(world) });
    }
  }
  expect(seed).toBeGreaterThan(1000);
});

test("given 2,000 random pairs of zone and week, when asked, then not one slot differs", () => {
  const zones = Intl.supportedValuesOf("timeZone");
  for (let seed = 0; seed < 2000; seed++) {
    const zone = zones[(seed * 7919) % zones.length] ?? "UTC";
    const world = randomWorld(seed + 100_000, zone, 28_400_000 + ((seed * 104_729) % 3_600_000));
    expect({ seed, zone, slots: answerOf(world) }).toEqual({ seed, zone, slots: oracleSlots(world) });
  }
});

function transitionsOf(zone: string): readonly number[] {
  const found: number[] = [];
  let time = Temporal.Instant.from("2024-01-01T00:00Z").toZonedDateTimeISO(zone);
  for (;;) {
    const next = time.getTimeZoneTransition("next");
    if (!next || next.year > 2030) return found;
    found.push(Math.floor(next.epochMilliseconds / 60_000));
    time = next;
  }
}
