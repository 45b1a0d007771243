import type { Logger } from "@dawr/telemetry";
import type { Backoff } from "../backoff.ts";
import type { ConsumerMetrics } from "../metrics.ts";

export type InProcessBusOptions = {
  readonly log: Logger;
  readonly now: () => Temporal.Instant;
  /** How often an event is tried before it is parked as a dead letter. */
  readonly attempts?: number;
  readonly backoff?: Backoff;
  /** Transactions of one consumer at once. */
  readonly concurrency?: number;
  /** Events that a projection takes in one transaction when they have piled up. */
  readonly batchSize?: number;
  /** How long it is remembered which events a consumer has received. */
  readonly inboxKeep?: Temporal.Duration;
};

/** What the parts of the bus are told. */
export type BusSettings = Required<Omit<InProcessBusOptions, "inboxKeep">> & { readonly metrics: ConsumerMetrics };
