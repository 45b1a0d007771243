import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { inProcessBus } from "@dawr/events";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { consumerOf, now, openWorld, silent, upTo, versionsOf, type World } from "./bus-world.ts";

describe("processes that are killed and frozen at random", () => {
  const children = new Set<ChildProcess>();
  let world: World;
  beforeAll(async () => {
    world = await openWorld(async () => inProcessBus({ log: silent, now }));
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await world.close();
  });

  async function startChild(): Promise<ChildProcess> {
    const file = new URL("./kill-child.ts", import.meta.url).pathname;
    const child = spawn(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        file,
        world.producer.database.urlOf("shop"),
        world.reader.database.urlOf("desk"),
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    children.add(child);
    await once(child.stdout, "data");
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    children.delete(child);
  }

  test("given two that publish, relay and consume, then every event takes effect once and in order", async () => {
    let [one, other] = await Promise.all([startChild(), startChild()]);
    for (const round of upTo(12)) {
      await passed(150 + ((round * 7919) % 500));
      if (round % 4 === 0) {
        // Longer than the lease: the other takes over, and this one comes back with what it held in memory.
        one.kill("SIGSTOP");
        await passed(1_200);
        one.kill("SIGCONT");
      } else {
        await kill(one);
        one = await startChild();
      }
      [one, other] = [other, one];
    }
    await Promise.all([kill(one), kill(other)]);

    await world.bus.subscribe(
      [consumerOf("desk.copies"), consumerOf("desk.views", () => {}, { projection: true })],
      world.reader,
    );
    const relay = await world.startRelay({ leaseMs: 600 });
    while (relay.epoch() === undefined) await passed(50);
    expect(await relay.flush({ timeoutMs: 60_000 })).toBe(true);

    const published = await world.producer.read((tx) =>
      tx.query<{ id: string; version: bigint }>("select id, version from aggregate"),
    );
    const expected = Object.fromEntries(published.map(({ id, version }) => [id, upTo(Number(version))]));
    expect(Object.values(expected).flat().length).toBeGreaterThan(500);
    expect(await versionsOf(world.reader, "desk.copies")).toEqual(expected);
    expect(await versionsOf(world.reader, "desk.views")).toEqual(expected);
    const letters = await world.reader.read((tx) => tx.query("select 1 as one from dead_letter"));
    expect(letters).toEqual([]);
  });
});

/** Lets real time pass for other processes, which have no clock that could be moved. */
function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
