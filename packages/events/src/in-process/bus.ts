import { type Bus, BusUnavailable } from "../bus.ts";
import type { Event } from "../event.ts";
import { openConsumerMetrics } from "../metrics.ts";
import { type Group, openGroup } from "./group.ts";
import { startPruning } from "./pruning.ts";
import type { BusSettings, InProcessBusOptions } from "./settings.ts";

/**
 * The bus within one process: publish() answers when every consumer has applied or parked the events, so that the outbox
 * of the publishing service is the only place where they wait.
 */
export function inProcessBus(options: InProcessBusOptions): Bus {
  const { inboxKeep = Temporal.Duration.from({ hours: 14 * 24 }), ...given } = options;
  const settings: BusSettings = {
    attempts: 8,
    backoff: { firstMs: 50, maxMs: 5_000 },
    concurrency: 4,
    batchSize: 64,
    metrics: openConsumerMetrics(),
    ...given,
  };
  const groups = new Map<string, Group>();
  const closings = new Set<() => Promise<void>>();
  let isClosed = false;

  return {
    publish: async (events) => {
      if (isClosed) throw new BusUnavailable("the bus is closed");
      const runs: Promise<void>[] = [];
      for (const sameKey of byKey(events)) {
        for (const group of groups.values()) runs.push(group.deliver(sameKey));
      }
      // All have to end before one may fail: what is published again must not overtake what still runs.
      const results = await Promise.allSettled(runs);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    },

    subscribe: async (consumers, store) => {
      if (isClosed) throw new BusUnavailable("the bus is closed");
      const leave = consumers.map((consumer) => {
        const group = groups.get(consumer.name) ?? openGroup(consumer.name);
        groups.set(consumer.name, group);
        return group.join(consumer, store, settings);
      });
      const stopPruning = startPruning(store, inboxKeep, settings.log);
      const close = async () => {
        closings.delete(close);
        await Promise.all([stopPruning(), ...leave.map((each) => each())]);
      };
      closings.add(close);
      return { close };
    },

    close: async () => {
      isClosed = true;
      await Promise.all([...closings].map((close) => close()));
    },
  };
}

function byKey(events: readonly Event[]): Iterable<readonly Event[]> {
  return Map.groupBy(events, (event) => event.key).values();
}
