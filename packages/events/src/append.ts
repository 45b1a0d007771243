import { randomUUIDv7 } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { Tx } from "@dawr/store";
import type { NewEvent } from "./event.ts";
import { traceOfCreation } from "./trace.ts";

/**
 * Publishes events with the transaction: they are delivered after it commits, in this order within a key, and never if
 * it does not commit. One statement for all of them, and the relay is woken after the commit. The caller holds the lock of the
 * aggregate (its row was inserted, or selected for update), which is what orders the events of two transactions.
 */
export function append(tx: Tx, events: readonly NewEvent[]): void {
  if (events.length === 0) return;
  const rows = events.map(toRow);
  tx.post(insertStatement, [
    rows.map((row) => row.id),
    rows.map((row) => row.type),
    rows.map((row) => row.subject),
    rows.map((row) => row.key),
    rows.map((row) => row.sequence),
    rows.map((row) => row.traceparent),
    rows.map((row) => row.data),
  ]);
  tx.notify(outboxChannel);
}

/** The channel that wakes the relay. */
export const outboxChannel = "outbox";

const insertStatement = `
  insert into outbox (id, type, subject, key, sequence, time, traceparent, data)
  select id, type, subject, key, sequence, clock_now(), traceparent, data
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bytea[])
    with ordinality as e (id, type, subject, key, sequence, traceparent, data, place)
  order by place`;

function toRow(event: NewEvent) {
  const { schema, message, subject, key, sequence } = event;
  if (message.$typeName !== schema.typeName) {
    throw new TypeError(`an event of type ${schema.typeName} cannot carry a ${message.$typeName}`);
  }
  if (key === "" || subject === "" || sequence < 1n) {
    throw new RangeError(`${schema.typeName} needs a key, a subject and a sequence from 1`);
  }
  const id = randomUUIDv7();
  return {
    id,
    type: schema.typeName,
    subject,
    key,
    sequence: sequence.toString(),
    traceparent: traceOfCreation({ id, type: schema.typeName, key }) ?? null,
    data: toBinary(schema, message),
  };
}
