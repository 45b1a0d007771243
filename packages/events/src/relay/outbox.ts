import type { Store } from "@dawr/store";
import type { Event } from "../event.ts";
import type { OutboxState } from "../metrics.ts";

/** An event in the outbox. */
export type OutboxRow = {
  readonly position: bigint;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly key: string;
  readonly sequence: bigint;
  readonly time: Temporal.Instant;
  readonly traceparent: string | null;
  readonly data: Uint8Array;
};

/**
 * Reads the oldest events but those at positions that are known, and those of keys that have enough of them. It asks for
 * what is there, never for what comes after a position: positions become visible out of order.
 */
export async function readOutbox(
  store: Store,
  known: readonly bigint[],
  fullKeys: readonly string[],
  limit: number,
): Promise<OutboxRow[]> {
  return await store.read((tx) => tx.query<OutboxRow>(readStatement, [known.map(String), fullKeys, limit]));
}

/** Deletes delivered events if the epoch is still the relay's; answers whether it is. */
export async function deleteDelivered(store: Store, positions: readonly bigint[], epoch: bigint): Promise<boolean> {
  const rows = await store.query<{ held: boolean }>("select outbox_delete($1::bigint[], $2) as held", [
    positions.map(String),
    epoch,
  ]);
  return rows[0]?.held === true;
}

/** The newest position that is visible, or undefined when the outbox is empty. */
export async function newestPosition(store: Store): Promise<bigint | undefined> {
  const rows = await store.read((tx) =>
    tx.query<{ position: bigint }>("select position from outbox order by position desc limit 1"),
  );
  return rows[0]?.position;
}

/** Whether any event up to a position waits. */
export async function hasUpTo(store: Store, position: bigint): Promise<boolean> {
  const rows = await store.read((tx) =>
    tx.query("select 1 as one from outbox where position <= $1 limit 1", [position.toString()]),
  );
  return rows.length > 0;
}

/** Depth and age of the outbox, and dead letters by consumer. */
export async function observeOutbox(store: Store, now: () => Temporal.Instant): Promise<OutboxState> {
  return await store.read(async (tx) => {
    const [outbox] = await tx.query<{ depth: bigint }>(
      "select count(*) as depth from (select from outbox limit 100000) as o",
    );
    const [oldest] = await tx.query<{ time: Temporal.Instant }>("select time from outbox order by position limit 1");
    const letters = await tx.query<{ consumer: string; count: bigint }>(
      "select consumer, count(*) as count from dead_letter group by consumer",
    );
    const ageMs = oldest === undefined ? 0 : now().epochMilliseconds - oldest.time.epochMilliseconds;
    return {
      depth: Number(outbox?.depth ?? 0n),
      oldestAgeSeconds: Math.max(0, ageMs / 1_000),
      deadLetters: letters.map(({ consumer, count }) => ({ consumer, count: Number(count) })),
    };
  });
}

/** The event as it travels. */
export function toEvent(row: OutboxRow, source: string): Event {
  const { id, type, subject, key, sequence, time, traceparent, data } = row;
  return { id, type, source, subject, key, sequence, time, data, ...(traceparent === null ? {} : { traceparent }) };
}

const readStatement = `
  select position, id::text as id, type, subject, key, sequence, time, traceparent, data
  from outbox_read($1::bigint[], $2::text[], $3)
  order by position`;
