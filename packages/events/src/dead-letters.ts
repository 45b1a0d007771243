import type { Store, Tx } from "@dawr/store";
import type { Consumer } from "./consumer.ts";
import type { Event } from "./event.ts";
import { handle } from "./handle.ts";
import { isOutage } from "./outage.ts";
import { advance } from "./projection.ts";

/** What replayDeadLetters did: how many took effect, how many are outdated, and what could still not be applied. */
export type Replay = {
  readonly applied: number;
  readonly outdated: number;
  readonly failed: readonly { readonly consumer: string; readonly key: string; readonly error: unknown }[];
};

/**
 * Puts an event aside that the consumer could not apply, with its error; from then on later events of its key are put
 * aside behind it. Does nothing if another member has applied or parked it meanwhile.
 */
export async function park(
  tx: Tx,
  consumer: Consumer,
  event: Event,
  attempts: number,
  error: unknown,
): Promise<boolean> {
  await lockKey(tx, consumer.name, event.key);
  return await parkLocked(tx, consumer, event, attempts, describe(error));
}

/**
 * Decides about an event whose key has parked events: behind them, unless a replay has just applied the last of them.
 */
export async function deferBehindParked(
  tx: Tx,
  consumer: Consumer,
  event: Event,
): Promise<"parked" | "known" | "fresh"> {
  await lockKey(tx, consumer.name, event.key);
  const [row] = await tx.query<{ parked: boolean }>(
    "select exists (select from dead_letter where consumer = $1 and key = $2) as parked",
    [consumer.name, event.key],
  );
  if (row?.parked) return (await parkLocked(tx, consumer, event, 0, null)) ? "parked" : "known";
  const added = await tx.query(recordStatement, [consumer.name, event.id]);
  return added.length > 0 ? "fresh" : "known";
}

/**
 * Applies parked events again, oldest first within each key, each in a transaction of its own; a key whose event fails
 * again stays parked from that event on. Takes the consumers because their handlers do the work.
 */
export async function replayDeadLetters(
  store: Store,
  options: { readonly consumers: readonly Consumer[]; readonly consumer?: string; readonly key?: string },
): Promise<Replay> {
  const consumers = options.consumers.filter(
    (each) => options.consumer === undefined || each.name === options.consumer,
  );
  const total = { applied: 0, outdated: 0, failed: [] as { consumer: string; key: string; error: unknown }[] };
  for (const consumer of consumers) {
    const keys = await store.read((tx) =>
      tx.query<{ key: string }>(
        "select key from dead_letter where consumer = $1 and ($2::text is null or key = $2) group by key order by min(position)",
        [consumer.name, options.key ?? null],
      ),
    );
    for (const { key } of keys) await replayKey(store, consumer, key, total);
  }
  return total;
}

async function replayKey(
  store: Store,
  consumer: Consumer,
  key: string,
  total: { applied: number; outdated: number; failed: { consumer: string; key: string; error: unknown }[] },
): Promise<void> {
  for (;;) {
    let position: bigint | undefined;
    try {
      const outcome = await store.transaction(async (tx) => {
        await lockKey(tx, consumer.name, key);
        const [row] = await tx.query<DeadLetterRow>(firstStatement, [consumer.name, key]);
        position = row?.position;
        if (row === undefined) return "none";
        const event = toEvent(row);
        // A projection may have come further without the event.
        const isOutdated = consumer.projection && !(await advance(tx, consumer, [event])).has(event.id);
        if (!isOutdated) await handle(tx, consumer, event);
        await tx.query("delete from dead_letter where position = $1", [row.position]);
        return isOutdated ? "outdated" : "applied";
      });
      if (outcome === "none") return;
      total[outcome] += 1;
    } catch (error) {
      if (position === undefined || isOutage(error)) throw error;
      await store.transaction((tx) =>
        tx.query("update dead_letter set attempts = attempts + 1, error = $2 where position = $1", [
          position,
          describe(error),
        ]),
      );
      total.failed.push({ consumer: consumer.name, key, error });
      return;
    }
  }
}

async function parkLocked(
  tx: Tx,
  consumer: Consumer,
  event: Event,
  attempts: number,
  error: string | null,
): Promise<boolean> {
  // Parked counts as received: whoever is delivered the event again, or applies it at this moment, is told so by the inbox.
  if (!consumer.projection) {
    const added = await tx.query(recordStatement, [consumer.name, event.id]);
    if (added.length === 0) return false;
  }
  const added = await tx.query(parkStatement, [
    consumer.name,
    event.id,
    event.type,
    event.source,
    event.subject,
    event.key,
    event.sequence,
    event.time.toString(),
    event.traceparent ?? null,
    event.data,
    attempts,
    error,
  ]);
  return added.length > 0;
}

/** One at a time per consumer and key, until the transaction ends: parking behind must not miss the end of a replay. */
async function lockKey(tx: Tx, consumer: string, key: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || $1 || '/' || $2, 0))", [
    consumer,
    key,
  ]);
}

/** The chain of an error's names and messages, for the person who looks at the dead letter. */
function describe(error: unknown): string {
  const parts: string[] = [];
  for (
    let each = error;
    each !== undefined && parts.length < 5;
    each = each instanceof Error ? each.cause : undefined
  ) {
    parts.push(String(each));
  }
  return parts.join(" ← ").slice(0, 4_000);
}

type DeadLetterRow = {
  readonly position: bigint;
  readonly event_id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly key: string;
  readonly sequence: bigint;
  readonly time: Temporal.Instant;
  readonly traceparent: string | null;
  readonly data: Uint8Array;
};

function toEvent(row: DeadLetterRow): Event {
  const { event_id: id, type, source, subject, key, sequence, time, traceparent, data } = row;
  return { id, type, source, subject, key, sequence, time, data, ...(traceparent === null ? {} : { traceparent }) };
}

const recordStatement =
  "insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing returning 1 as one";

const parkStatement = `
  insert into dead_letter
    (consumer, event_id, type, source, subject, key, sequence, time, traceparent, data, attempts, error)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  on conflict (consumer, event_id) do nothing
  returning 1 as one`;

const firstStatement = `
  select position, event_id::text as event_id, type, source, subject, key, sequence, time, traceparent, data
  from dead_letter where consumer = $1 and key = $2
  order by position limit 1 for update`;
