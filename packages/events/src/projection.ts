import type { Tx } from "@dawr/store";
import type { Consumer } from "./consumer.ts";
import type { Event } from "./event.ts";

/**
 * Moves a projection on to events of different keys and answers the ids of those that are news to it: neither applied
 * already nor older than what it has applied.
 */
export async function advance(
  tx: Tx,
  consumer: Consumer,
  events: readonly Pick<Event, "id" | "key" | "sequence">[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ id: string }>(advanceStatement, [
    consumer.name,
    events.map((event) => event.id),
    events.map((event) => event.key),
    events.map((event) => event.sequence.toString()),
  ]);
  return new Set(rows.map((row) => row.id));
}

// Two events of one version (a change and what it means) are both applied: the ids of the newest version are kept.
// In order of the key, so that two members of a consumer wait for each other instead of deadlocking.
const advanceStatement = `
  insert into projection as p (consumer, key, sequence, event_ids)
  select $1, key, sequence, array[id]
  from unnest($2::uuid[], $3::text[], $4::bigint[]) as e (id, key, sequence)
  order by key
  on conflict (consumer, key) do update set
    sequence = excluded.sequence,
    event_ids = case when p.sequence = excluded.sequence then p.event_ids || excluded.event_ids else excluded.event_ids end
  where p.sequence < excluded.sequence
     or (p.sequence = excluded.sequence and not p.event_ids @> excluded.event_ids)
  returning event_ids[array_upper(event_ids, 1)]::text as id`;
