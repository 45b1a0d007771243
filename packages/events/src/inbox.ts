import type { Store, Tx } from "@dawr/store";
import type { Consumer } from "./consumer.ts";
import { deferBehindParked } from "./dead-letters.ts";
import type { Event } from "./event.ts";
import { handle } from "./handle.ts";
import { advance } from "./projection.ts";

/** What became of an event: applied now, known already (or outdated, for a projection), or parked behind another. */
export type Outcome = "applied" | "known" | "parked";

/**
 * Applies events of different keys in the transaction in which it records having received them, so that each takes
 * effect once, whatever is delivered twice or dies in between.
 */
export async function receive(tx: Tx, consumer: Consumer, events: readonly Event[]): Promise<Outcome[]> {
  const verdicts = await verdictsOf(tx, consumer, events);
  const outcomes: Outcome[] = [];
  for (const event of events) {
    const verdict = verdicts.get(event.id) ?? "known";
    const outcome = verdict === "behind" ? await deferBehindParked(tx, consumer, event) : verdict;
    if (outcome === "fresh") await handle(tx, consumer, event);
    outcomes.push(outcome === "fresh" ? "applied" : outcome);
  }
  return outcomes;
}

/**
 * Removes what was received longer ago than `keep`, for ever: an event delivered again after that would be applied
 * again, so it must be longer than the bus keeps events. Ages are told by the ids, in real time. Answers how many.
 */
export async function pruneInbox(store: Store, keep: Temporal.Duration): Promise<number> {
  let removed = 0;
  for (;;) {
    // In pieces: one statement over millions of rows would hold back the vacuum of every queue in the database.
    const rows = await store.transaction((tx) =>
      tx.query<{ one: number }>(pruneStatement, [keep.total("seconds"), pruneSize]),
    );
    removed += rows.length;
    if (rows.length < pruneSize) return removed;
  }
}

type Verdict = "fresh" | "known" | "behind";

async function verdictsOf(tx: Tx, consumer: Consumer, events: readonly Event[]): Promise<ReadonlyMap<string, Verdict>> {
  if (consumer.projection) {
    return new Map([...(await advance(tx, consumer, events))].map((id) => [id, "fresh"]));
  }
  const rows = await tx.query<{ id: string; verdict: Verdict }>(recordStatement, [
    consumer.name,
    events.map((event) => event.id),
    events.map((event) => event.key),
  ]);
  return new Map(rows.map((row) => [row.id, row.verdict]));
}

const recordStatement = `
  with event as materialized (
    select e.id, exists (select from dead_letter d where d.consumer = $1 and d.key = e.key) as behind
    from unnest($2::uuid[], $3::text[]) as e (id, key)
  ), fresh as (
    insert into inbox (consumer, event_id)
    select $1, id from event where not behind order by id
    on conflict do nothing
    returning event_id
  )
  select id::text as id, case when behind then 'behind' when f.event_id is not null then 'fresh' else 'known' end as verdict
  from event left join fresh f on f.event_id = event.id`;

const pruneSize = 5_000;

// A UUIDv7 begins with its time in milliseconds: the primary key finds the old rows of each consumer, whose names are
// read off the same index one by one.
const pruneStatement = `
  with recursive consumer as (
    (select consumer from inbox order by consumer limit 1)
    union all
    select (select i.consumer from inbox i where i.consumer > c.consumer order by i.consumer limit 1)
    from consumer c where c.consumer is not null
  ), bound as (
    select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000 - $1::float8 * 1000)::bigint), 12, '0')
      || '00000000000000000000')::uuid as oldest
  ), old as (
    select i.consumer, i.event_id
    from consumer c, bound b, lateral (
      select consumer, event_id from inbox where consumer = c.consumer and event_id < b.oldest order by event_id limit $2
    ) i
    where c.consumer is not null
    limit $2
  )
  delete from inbox using old where inbox.consumer = old.consumer and inbox.event_id = old.event_id
  returning 1 as one`;
