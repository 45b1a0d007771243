import { inProcessBus } from "@dawr/events";
import { eventually } from "@dawr/testkit";
import { describe, expect, test } from "@jest/globals";
import { busContract } from "./bus-contract.ts";
import { changeTimes, consumerOf, now, openWorld, parkedOf, silent, upTo, versionsOf, waitingIn } from "./bus-world.ts";

const backoff = { firstMs: 2, maxMs: 20 };

busContract("inProcessBus", async () => inProcessBus({ log: silent, now, attempts: 4, backoff }));

describe("inProcessBus", () => {
  test("given a database that is lost in the middle of handlers, then nothing is parked for it, and all is applied once", async () => {
    const world = await openWorld(async () => inProcessBus({ log: silent, now, attempts: 1, backoff }));
    try {
      let losses = 0;
      const consumer = consumerOf("desk.copies", async (event, tx) => {
        if (event.sequence % 3n !== 0n || losses >= 5) return;
        losses += 1;
        await tx.query("select pg_terminate_backend(pg_backend_pid())");
      });
      await world.bus.subscribe([consumer], world.reader);
      await world.startRelay();
      await Promise.all(["a", "b"].map((key) => changeTimes(world.producer, key, 9)));
      await eventually(async () => expect(await waitingIn(world.producer)).toBe(0));
      expect(losses).toBe(5);
      expect(await versionsOf(world.reader, "desk.copies")).toEqual({ a: upTo(9), b: upTo(9) });
      expect(await parkedOf(world.reader, "desk.copies")).toEqual([]);
    } finally {
      await world.close();
    }
  });

  test("given a bus that is closed, then it takes nothing more", async () => {
    const bus = inProcessBus({ log: silent, now });
    await bus.close();
    await expect(bus.publish([])).rejects.toThrow("the bus is closed");
  });
});
