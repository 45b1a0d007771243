import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { metrics } from "@opentelemetry/api";
import { MeterProvider, type MetricData, MetricReader } from "@opentelemetry/sdk-metrics";
import { changeTimes, consumerOf, gate, now, openWorld, silent, type World, waitingIn } from "../test/bus-world.ts";
import { UnprocessableEvent } from "./consumer.ts";
import { inProcessBus } from "./in-process/bus.ts";

class PulledReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

describe("metrics of events", () => {
  const reader = new PulledReader();
  let world: World;
  beforeAll(async () => {
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    world = await openWorld(async () => inProcessBus({ log: silent, now, backoff: { firstMs: 1, maxMs: 2 } }));
  });
  afterAll(async () => {
    await world.close();
    await reader.shutdown();
    metrics.disable();
  });

  async function collect(): Promise<Record<string, MetricData>> {
    const { resourceMetrics } = await reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return Object.fromEntries(all.map((metric) => [metric.descriptor.name, metric]));
  }
  /** The sum of values, or the number of measurements, of the points with these attributes. */
  function totalOf(metric: MetricData | undefined, where: Record<string, string> = {}): number | undefined {
    let total: number | undefined;
    for (const { attributes, value } of metric?.dataPoints ?? []) {
      if (Object.entries(where).some(([name, wanted]) => attributes[name] !== wanted)) continue;
      total = (total ?? 0) + (typeof value === "number" ? value : value.count);
    }
    return total;
  }

  test("given events delivered, tried again, parked and waiting, then all of them are counted", async () => {
    const hanging = gate();
    let failures = 2;
    const act = async (event: { key: string }) => {
      if (event.key === "again" && failures-- > 0) throw new RangeError("not yet");
      if (event.key === "bad") throw new UnprocessableEvent("never");
      if (event.key === "slow") await hanging.passed;
    };
    await world.bus.subscribe([consumerOf("desk.copies", act)], world.reader);
    const relay = await world.startRelay();
    // Dead letters are reported by the relay of the service that has them.
    await world.startRelay({ store: world.reader, source: "dawr.desk" });
    for (const key of ["good", "again", "bad"]) await changeTimes(world.producer, key, 3);
    await relay.flush();
    await changeTimes(world.producer, "slow", 2);
    await eventually(async () => expect(totalOf((await collect())["dawr.consumer.waiting"])).toBe(1));

    const seen = await collect();
    const shop = { "messaging.destination.name": "dawr.shop.v1", "messaging.system": "dawr" };
    const desk = { "messaging.consumer.group.name": "desk.copies" };
    expect(totalOf(seen["dawr.outbox.depth"], shop)).toBe(2);
    expect(totalOf(seen["dawr.outbox.oldest.age"], shop)).toBeGreaterThan(0);
    expect(totalOf(seen["messaging.client.sent.messages"], shop)).toBe(9);
    expect(totalOf(seen["messaging.client.consumed.messages"], desk)).toBe(6 + 2);
    expect(totalOf(seen["dawr.consumer.lag"], desk)).toBe(6 + 2);
    expect(totalOf(seen["messaging.process.duration"], { ...desk, "error.type": "RangeError" })).toBe(2);
    expect(totalOf(seen["dawr.consumer.retries"], { ...desk, "error.type": "RangeError" })).toBe(2);
    expect(totalOf(seen["dawr.consumer.parked"], desk)).toBe(1);
    expect(totalOf(seen["dawr.dead_letters"], desk)).toBe(3);

    hanging.open();
    await relay.flush();
    await eventually(async () => expect(await waitingIn(world.producer)).toBe(0));
    const after = await collect();
    expect(totalOf(after["dawr.outbox.depth"], shop)).toBe(0);
    expect(totalOf(after["dawr.consumer.waiting"])).toBe(0);
    await world.reader.transaction((tx) => tx.query("delete from dead_letter"));
    expect(totalOf((await collect())["dawr.dead_letters"], desk)).toBe(0);
  });
});
