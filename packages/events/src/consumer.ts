import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import type { Tx } from "@dawr/store";
import { type Event, sourceOf } from "./event.ts";

/** What is done about one type of event, in one transaction with the record that it was done. */
export type Handler = {
  readonly type: string;
  readonly handle: (tx: Tx, event: Event) => Promise<void>;
};

/** A named reader of one service's events; each event takes effect once per consumer. */
export type Consumer = {
  readonly name: string;
  readonly source: string;
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Whether an older version of an aggregate may be skipped once a newer one has been applied. */
  readonly projection: boolean;
};

/** Says that an event can never be applied, however often it is tried: it is parked at once. */
export class UnprocessableEvent extends Error {
  override readonly name = "UnprocessableEvent";
}

/**
 * Handles events of a message type. The handler must not call the network: it changes rows of its own service, stores
 * the next step of a saga if there is one, and may publish events of its own, all in the transaction that it is given.
 */
export function on<D extends DescMessage>(
  schema: D,
  handler: (tx: Tx, message: MessageShape<D>, event: Event) => Promise<void>,
): Handler {
  return {
    type: schema.typeName,
    handle: (tx, event) => handler(tx, decode(schema, event), event),
  };
}

/**
 * Defines a consumer: `name` is "<service>.<what>" and stays for ever, since it is what was read that is kept under it;
 * `from` is the service that publishes. Types without a handler are passed over. A projection keeps copies of whole
 * resources: it may skip versions, is not held up by an event that it could not apply, and is fed in batches.
 */
export function defineConsumer(definition: {
  readonly name: string;
  readonly from: string;
  readonly handlers: readonly Handler[];
  readonly projection?: boolean;
}): Consumer {
  const { name, from, handlers, projection = false } = definition;
  if (!/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/.test(name))
    throw new TypeError(`a consumer's name is service.what: ${name}`);
  const byType = new Map(handlers.map((handler) => [handler.type, handler]));
  if (byType.size !== handlers.length) throw new TypeError(`${name} has two handlers for one type of event`);
  return { name, source: sourceOf(from), handlers: byType, projection };
}

function decode<D extends DescMessage>(schema: D, event: Event): MessageShape<D> {
  try {
    return fromBinary(schema, event.data);
  } catch (cause) {
    throw new UnprocessableEvent(`event ${event.id} is no ${schema.typeName}`, { cause });
  }
}
