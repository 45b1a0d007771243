import { describe, expect, test } from "@jest/globals";
import type { Event } from "../event.ts";
import { openBatches } from "./batches.ts";

const event = (key: string, sequence = 1n): Event => ({
  id: `${key}@${sequence}`,
  type: "dawr.testing.v1.Tested",
  source: "dawr.testing",
  subject: key,
  key,
  sequence,
  time: Temporal.Instant.from("2026-03-01T09:00:00Z"),
  data: new Uint8Array(),
});

/** Work that records what it is given and ends when it is told. */
function heldWork() {
  const batches: string[][] = [];
  const open: (() => void)[] = [];
  return {
    batches,
    endNext: async () => {
      while (open.length === 0) await Promise.resolve();
      open.shift()?.();
    },
    work: async (events: readonly Event[]) => {
      batches.push(events.map(({ id }) => id));
      await new Promise<void>((resolve) => open.push(resolve));
    },
  };
}

describe("batches", () => {
  test("given room, then an event is worked on at once, by itself", () => {
    const { batches, work } = heldWork();
    const { add } = openBatches({ size: 10, concurrency: 2 }, work);
    void add(event("a"));
    void add(event("b"));
    expect(batches).toEqual([["a@1"], ["b@1"]]);
  });

  test("given that all are busy, then what piles up goes together, one event of each key, in order", async () => {
    const { batches, endNext, work } = heldWork();
    const { add } = openBatches({ size: 3, concurrency: 1 }, work);
    const first = add(event("a"));
    const rest = [event("b", 1n), event("b", 2n), event("c"), event("d"), event("e")].map(add);
    await endNext();
    await first;
    await endNext();
    await Promise.all([rest[0], rest[2], rest[3]]);
    expect(batches).toEqual([["a@1"], ["b@1", "c@1", "d@1"], ["b@2", "e@1"]]);
  });

  test("given a batch that fails, then only the event at fault does", async () => {
    let isHeld = true;
    const start = Promise.withResolvers<void>();
    const { add } = openBatches({ size: 10, concurrency: 1 }, async (events) => {
      if (isHeld) await start.promise;
      if (events.some(({ key }) => key === "bad")) throw new Error("bad");
    });
    const first = add(event("a"));
    const results = Promise.allSettled([add(event("b")), add(event("bad")), add(event("c"))]);
    isHeld = false;
    start.resolve();
    await first;
    expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
