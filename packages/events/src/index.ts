export { append } from "./append.ts";
export type { Backoff } from "./backoff.ts";
export { type Bus, BusUnavailable, type Subscription } from "./bus.ts";
export { type Consumer, defineConsumer, type Handler, on, UnprocessableEvent } from "./consumer.ts";
export { type Replay, replayDeadLetters } from "./dead-letters.ts";
export { EnvelopeError, type EventMessage, fromMessage, toMessage } from "./envelope.ts";
export { type Event, type NewEvent, sourceOf, topicOf } from "./event.ts";
export { inProcessBus } from "./in-process/bus.ts";
export type { InProcessBusOptions } from "./in-process/settings.ts";
export { pruneInbox } from "./inbox.ts";
export { type Relay, type RelayOptions, startRelay } from "./relay/relay.ts";

/** The folder of the migrations that make outbox, inbox, dead letters and lease in a service's schema. */
export const eventsMigrations = new URL("../migrations/", import.meta.url);
