import { changedSince, type Tx } from "@dawr/store";
import type { Minute } from "../domain/zone-line.ts";

/** The channel that wakes who watches a provider and the publisher; the payload is the provider's id. */
export const changeChannel = "availability_change";

/** A stretch of a provider's time that changed. */
export type ChangedTime = { readonly from: Minute; readonly to: Minute };

/** What changed at a provider since a snapshot of the database. */
export async function changesSince(tx: Tx, providerId: string, snapshot: string): Promise<readonly ChangedTime[]> {
  return await tx.query<ChangedTime>(
    `select ${MINUTES} from availability_change where provider_id = $1 and ${changedSince("$2")}`,
    [providerId, snapshot],
  );
}

/** When the oldest change that was not published happened, not counting providers that are tried again by themselves. */
export async function oldestUnpublished(tx: Tx): Promise<Temporal.Instant | undefined> {
  const [row] = await tx.query<{ at: Temporal.Instant }>(
    `select c.change_time as at from availability_change c where not c.published and ${IS_ORDINARY}
      order by c.change_time limit 1`,
  );
  return row?.at;
}

/** The providers that takeUnpublished takes. */
export async function providersToPublish(tx: Tx, providers: number): Promise<readonly string[]> {
  const rows = await tx.query<{ provider_id: string }>(LONGEST_WAITING, [providers]);
  return rows.map((row) => row.provider_id);
}

/** A provider's changes that are to be published, and the version to publish them under. */
export type Unpublished = {
  readonly providerId: string;
  readonly version: bigint;
  readonly changes: readonly ChangedTime[];
};

/**
 * Takes the changes of some providers for publishing in this transaction, the longest waiting first; not those that another
 * replica is at, nor those that are tried again by themselves.
 */
export async function takeUnpublished(tx: Tx, providers: number): Promise<readonly Unpublished[]> {
  await tx.query(
    `insert into provider_availability (provider_id, version)
     select distinct provider_id, 0 from availability_change where not published on conflict do nothing`,
  );
  return await take(tx, await lock(tx, `p.provider_id in (${LONGEST_WAITING})`, providers));
}

/** Takes the changes of one provider, which is then no longer tried again; none when another replica is at it. */
export async function takeUnpublishedOf(tx: Tx, providerId: string): Promise<readonly Unpublished[]> {
  await tx.query("insert into provider_availability (provider_id, version) values ($1, 0) on conflict do nothing", [
    providerId,
  ]);
  const locked = await lock(tx, "p.provider_id = $1", providerId);
  if (locked.length > 0) await tx.query("delete from publish_retry where provider_id = $1", [providerId]);
  return await take(tx, locked);
}

/** Locks providers against other replicas; answers those that none of them is at. */
async function lock(tx: Tx, which: string, parameter: unknown): Promise<readonly string[]> {
  const rows = await tx.query<{ provider_id: string }>(
    `select p.provider_id from provider_availability p where ${which} order by p.provider_id for update skip locked`,
    [parameter],
  );
  return rows.map((row) => row.provider_id);
}

async function take(tx: Tx, locked: readonly string[]): Promise<readonly Unpublished[]> {
  const changes = await tx.query<ChangedTime & { readonly provider_id: string }>(
    `update availability_change set published = true
      where provider_id = any($1::uuid[]) and not published returning provider_id, ${MINUTES}`,
    [locked],
  );
  const byProvider = Map.groupBy(changes, (change) => change.provider_id);
  const versions = await tx.query<{ provider_id: string; version: bigint }>(
    `update provider_availability set version = version + 1 where provider_id = any($1::uuid[]) returning provider_id, version`,
    [[...byProvider.keys()]],
  );
  return versions.map(({ provider_id, version }) => ({
    providerId: provider_id,
    version,
    changes: byProvider.get(provider_id) ?? [],
  }));
}

/** Removes changes that no resume token reaches any more. */
export async function pruneChanges(tx: Tx, before: Temporal.Instant): Promise<void> {
  await tx.query("delete from availability_change where published and change_time < $1", [before.toString()]);
}

const MINUTES = `floor(extract(epoch from lower(during)) / 60)::int as "from", ceil(extract(epoch from upper(during)) / 60)::int as "to"`;

const IS_ORDINARY = "not exists (select from publish_retry r where r.provider_id = c.provider_id)";
const LONGEST_WAITING = `select c.provider_id from availability_change c where not c.published and ${IS_ORDINARY}
                          group by c.provider_id order by min(c.change_time) limit $1`;
