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

/** When the oldest change that was not published happened. */
export async function oldestUnpublished(tx: Tx): Promise<Temporal.Instant | undefined> {
  const [row] = await tx.query<{ at: Temporal.Instant | null }>(
    "select min(change_time) as at from availability_change where not published",
  );
  return row?.at ?? undefined;
}

/** A provider's changes that are to be published, and the version to publish them under. */
export type Unpublished = {
  readonly providerId: string;
  readonly version: bigint;
  readonly changes: readonly ChangedTime[];
};

/** Takes the changes of some providers for publishing in this transaction, the longest waiting first; not those that another replica is at. */
export async function takeUnpublished(tx: Tx, providers: number): Promise<readonly Unpublished[]> {
  await tx.query(
    `insert into provider_availability (provider_id, version)
     select distinct provider_id, 0 from availability_change where not published on conflict do nothing`,
  );
  const locked = await tx.query<{ provider_id: string }>(
    `select p.provider_id from provider_availability p
      where p.provider_id in (select provider_id from availability_change where not published
                               group by provider_id order by min(change_time) limit $1)
      order by p.provider_id for update skip locked`,
    [providers],
  );
  const changes = await tx.query<ChangedTime & { readonly provider_id: string }>(
    `update availability_change set published = true
      where provider_id = any($1::uuid[]) and not published returning provider_id, ${MINUTES}`,
    [locked.map((row) => row.provider_id)],
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
