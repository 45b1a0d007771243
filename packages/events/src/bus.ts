import type { Store } from "@dawr/store";
import type { Consumer } from "./consumer.ts";
import type { Event } from "./event.ts";

/** What carries events from relays to consumers: inside one process now, over Kafka between processes. */
export type Bus = {
  /**
   * Takes events over: once it answers, they will reach every consumer of theirs, at least once and in this order within
   * a key. An error means that all of them have to be published again.
   */
  publish(events: readonly Event[]): Promise<void>;
  /** Feeds consumers, whose inbox and effects are in the store; two subscriptions of one consumer share its events. */
  subscribe(consumers: readonly Consumer[], store: Store): Promise<Subscription>;
  /** Ends all subscriptions and refuses to publish. */
  close(): Promise<void>;
};

/** Consumers that are being fed. */
export type Subscription = {
  /** Lets the transactions that run finish and takes no more; events wait for the next subscription. */
  close(): Promise<void>;
};

/** Says that events cannot be taken over now. */
export class BusUnavailable extends Error {
  override readonly name = "BusUnavailable";
}
