import type { Tx } from "@dawr/store";
import type { Engine } from "../engines/engine.ts";
import { readCategories, readCopies } from "./copies.ts";
import { documentOf } from "./document-of.ts";

/** Wakes who looks after entries that are out of date. */
export const reindexChannel = "search_reindex";

/** Says that providers' entries are out of date, in the transaction that changed their copies. */
export async function markForReindex(tx: Tx, providerIds: readonly string[]): Promise<void> {
  await tx.query(
    `insert into reindex (provider_id) select distinct id from unnest($1::uuid[]) as p (id) order by id
     on conflict (provider_id) do update set mark = reindex.mark + 1`,
    [providerIds],
  );
  tx.notify(reindexChannel);
}

/** Says that all entries are out of date; entries without a copy go with them. */
export async function markAllForReindex(tx: Tx): Promise<void> {
  await tx.query(
    `insert into reindex (provider_id) select id from provider_copy union select provider_id from entry order by 1
     on conflict (provider_id) do update set mark = reindex.mark + 1`,
  );
  tx.notify(reindexChannel);
}

/** Whether an entry is out of date. */
export async function needsReindex(tx: Tx): Promise<boolean> {
  const rows = await tx.query("select 1 as one from reindex limit 1");
  return rows.length > 0;
}

/** Brings up to `limit` entries up to date, in the caller's transaction; answers how many there were. */
export async function reindexSome(tx: Tx, engine: Engine, limit: number): Promise<number> {
  const rows = await tx.query<{ provider_id: string }>(
    `delete from reindex where provider_id in (
       select provider_id from reindex order by provider_id limit $1 for update)
     returning provider_id`,
    [limit],
  );
  await reindex(
    tx,
    engine,
    rows.map(({ provider_id }) => provider_id),
  );
  return rows.length;
}

/** Makes the entries of providers anew from their copies: those that are published are found, others are not. */
export async function reindex(tx: Tx, engine: Engine, providerIds: readonly string[]): Promise<void> {
  if (providerIds.length === 0) return;
  const categories = await readCategories(tx);
  const copies = await readCopies(tx, providerIds);
  const documents = copies.flatMap((copy) => documentOf(copy, categories) ?? []);
  const found = new Set(documents.map(({ providerId }) => providerId));
  await engine.put(tx, documents);
  await engine.remove(
    tx,
    providerIds.filter((id) => !found.has(id)),
  );
}
