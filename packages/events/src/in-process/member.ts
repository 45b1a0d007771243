import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Store } from "@dawr/store";
import { pauseAfterMs } from "../backoff.ts";
import { BusUnavailable } from "../bus.ts";
import { type Consumer, UnprocessableEvent } from "../consumer.ts";
import { park } from "../dead-letters.ts";
import type { Event } from "../event.ts";
import { receive } from "../inbox.ts";
import { isOutage } from "../outage.ts";
import { openBatches } from "./batches.ts";
import type { BusSettings } from "./settings.ts";

/** One subscription of a consumer. */
export type Member = {
  /** Applies or parks an event; an error means neither. The caller keeps the order within a key. */
  readonly apply: (event: Event) => Promise<void>;
  /** Ends when the transactions that run have ended; what waits to be tried again is given up. */
  readonly close: () => Promise<void>;
};

/** Opens a subscription, which tries again with pauses what fails and parks what keeps failing. */
export function openMember(consumer: Consumer, store: Store, settings: BusSettings): Member {
  const { attempts, backoff, log, metrics } = settings;
  const closing = new AbortController();
  // Each pause listens, and there may be one for every key.
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<void>>();
  const batches = openBatches(
    { size: consumer.projection ? settings.batchSize : 1, concurrency: settings.concurrency },
    async (events) => {
      if (closing.signal.aborted) throw new BusUnavailable(`consumer ${consumer.name} has left`);
      await metrics.processing(consumer, events, settings.now, () =>
        store.transaction((tx) => receive(tx, consumer, events)),
      );
    },
  );

  async function applyOrPark(event: Event): Promise<void> {
    let tried = 0;
    for (let failures = 1; ; failures++) {
      try {
        return await batches.add(event);
      } catch (error) {
        if (error instanceof BusUnavailable) throw error;
        // While the database is away nothing can be said about the event, nor could it be parked.
        if (!isOutage(error)) tried += 1;
        if (error instanceof UnprocessableEvent || tried >= attempts) return await parkEvent(event, tried, error);
        metrics.retried(consumer, event, error);
      }
      await pause(pauseAfterMs(failures, backoff));
    }
  }

  async function parkEvent(event: Event, attempt: number, error: unknown): Promise<void> {
    const isParked = await store.transaction((tx) => park(tx, consumer, event, attempt, error));
    if (!isParked) return;
    metrics.parked(consumer, event);
    log.error(
      {
        err: error,
        consumer: consumer.name,
        eventId: event.id,
        eventType: event.type,
        key: event.key,
        attempts: attempt,
      },
      "event parked as a dead letter",
    );
  }

  async function pause(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { signal: closing.signal });
    } catch (cause) {
      throw new BusUnavailable(`consumer ${consumer.name} has left`, { cause });
    }
  }

  return {
    apply: async (event) => {
      const run = applyOrPark(event);
      running.add(run);
      metrics.waiting(consumer, 1);
      try {
        await run;
      } finally {
        running.delete(run);
        metrics.waiting(consumer, -1);
      }
    },
    close: async () => {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}
