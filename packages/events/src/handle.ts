import type { Tx } from "@dawr/store";
import type { Consumer } from "./consumer.ts";
import type { Event } from "./event.ts";
import { inProcessSpan } from "./trace.ts";

/** Runs the consumer's handler of the event's type as a part of the event's trace. */
export async function handle(tx: Tx, consumer: Consumer, event: Event): Promise<void> {
  await inProcessSpan(consumer, event, async () => consumer.handlers.get(event.type)?.handle(tx, event));
}
