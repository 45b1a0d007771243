import { type Attributes, metrics } from "@opentelemetry/api";
import type { Consumer } from "./consumer.ts";
import { attribute, messagingSystem } from "./conventions.ts";
import { type Event, topicOf } from "./event.ts";

/** What is counted about consumers. */
export type ConsumerMetrics = ReturnType<typeof openConsumerMetrics>;

/** What is counted about a relay. */
export type RelayMetrics = ReturnType<typeof openRelayMetrics>;

/** Opens the consumers' instruments; call it after telemetry has started, since instruments made before stay silent. */
export function openConsumerMetrics() {
  const meter = metrics.getMeter("@dawr/events");
  const consumed = meter.createCounter("messaging.client.consumed.messages", {
    description: "Events that consumers have received",
    unit: "{message}",
  });
  const duration = meter.createHistogram("messaging.process.duration", {
    description: "Duration of a consumer's transaction",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const lag = meter.createHistogram("dawr.consumer.lag", {
    description: "Age of events when a consumer has received them",
    unit: "s",
    advice: { explicitBucketBoundaries: lagBuckets },
  });
  const waiting = meter.createUpDownCounter("dawr.consumer.waiting", {
    description: "Events that a consumer has been given and has not yet received",
    unit: "{message}",
  });
  const retries = meter.createCounter("dawr.consumer.retries", {
    description: "Failed attempts that will be made again",
    unit: "{attempt}",
  });
  const parked = meter.createCounter("dawr.consumer.parked", {
    description: "Events put aside because a consumer could not apply them",
    unit: "{message}",
  });

  return {
    /** Measures a transaction over events, and counts them and their age when it has succeeded. */
    processing: async <T>(
      consumer: Consumer,
      events: readonly Event[],
      now: () => Temporal.Instant,
      work: () => Promise<T>,
    ): Promise<void> => {
      const startMs = performance.now();
      const attributes = consumerAttributes(consumer, events[0]);
      try {
        await work();
      } catch (error) {
        const failed = { ...attributes, [attribute.errorType]: error instanceof Error ? error.name : typeof error };
        duration.record((performance.now() - startMs) / 1_000, failed);
        throw error;
      }
      duration.record((performance.now() - startMs) / 1_000, attributes);
      consumed.add(events.length, attributes);
      const nowMs = now().epochMilliseconds;
      for (const event of events) lag.record(Math.max(0, nowMs - event.time.epochMilliseconds) / 1_000, attributes);
    },
    waiting: (consumer: Consumer, change: number) => waiting.add(change, { [attribute.consumerGroup]: consumer.name }),
    retried: (consumer: Consumer, event: Event, error: unknown) =>
      retries.add(1, {
        ...consumerAttributes(consumer, event),
        [attribute.errorType]: error instanceof Error ? error.name : typeof error,
      }),
    parked: (consumer: Consumer, event: Event) =>
      parked.add(1, { ...consumerAttributes(consumer, event), [attribute.eventType]: event.type }),
  };
}

/** What a relay reports when it is asked. */
export type OutboxState = {
  readonly depth: number;
  readonly oldestAgeSeconds: number;
  readonly deadLetters: readonly { readonly consumer: string; readonly count: number }[];
};

/** Opens a relay's instruments; `observe` answers nothing while another relay leads. */
export function openRelayMetrics(source: string, observe: () => Promise<OutboxState | undefined>) {
  const meter = metrics.getMeter("@dawr/events");
  const attributes = { [attribute.system]: messagingSystem, [attribute.destination]: `${source}.v1` };
  const sent = meter.createCounter("messaging.client.sent.messages", {
    description: "Events that the bus has taken over",
    unit: "{message}",
  });
  const duration = meter.createHistogram("messaging.client.operation.duration", {
    description: "Duration of handing events to the bus",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const depth = meter.createObservableGauge("dawr.outbox.depth", {
    description: "Events committed and not yet taken over by the bus (at most 100,000 are counted)",
    unit: "{message}",
  });
  const age = meter.createObservableGauge("dawr.outbox.oldest.age", {
    description: "Age of the oldest event not yet taken over by the bus",
    unit: "s",
  });
  const deadLetters = meter.createObservableGauge("dawr.dead_letters", {
    description: "Events that wait for a person, by consumer",
    unit: "{message}",
  });
  // The SDK goes on telling the last value of what is no longer observed: what has gone is told as 0, once and for all.
  const consumers = new Set<string>();
  const report: Parameters<typeof meter.addBatchObservableCallback>[0] = async (result) => {
    const state = (await observe()) ?? { depth: 0, oldestAgeSeconds: 0, deadLetters: [] };
    result.observe(depth, state.depth, attributes);
    result.observe(age, state.oldestAgeSeconds, attributes);
    const counts = new Map(state.deadLetters.map(({ consumer, count }) => [consumer, count]));
    for (const consumer of counts.keys()) consumers.add(consumer);
    for (const consumer of consumers) {
      result.observe(deadLetters, counts.get(consumer) ?? 0, { [attribute.consumerGroup]: consumer });
    }
  };
  const observed = [depth, age, deadLetters];
  meter.addBatchObservableCallback(report, observed);

  return {
    sent: (count: number, startMs: number) => {
      sent.add(count, attributes);
      duration.record((performance.now() - startMs) / 1_000, { ...attributes, ...sendOperation });
    },
    failed: (startMs: number, error: unknown) =>
      duration.record((performance.now() - startMs) / 1_000, {
        ...attributes,
        ...sendOperation,
        [attribute.errorType]: error instanceof Error ? error.name : typeof error,
      }),
    close: () => meter.removeBatchObservableCallback(report, observed),
  };
}

const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600];
const sendOperation = { [attribute.operationName]: "send", [attribute.operationType]: "send" } as const;

function consumerAttributes(consumer: Consumer, event: Event | undefined): Attributes {
  return {
    [attribute.system]: messagingSystem,
    [attribute.operationName]: "process",
    [attribute.destination]: event === undefined ? `${consumer.source}.v1` : topicOf(event.type),
    [attribute.consumerGroup]: consumer.name,
  };
}
