import type { Tx } from "@dawr/store";

/** What is known of the index besides its entries. */
export type IndexState = {
  readonly isRebuilding: boolean;
  readonly rebuildTime: Temporal.Instant | undefined;
  readonly lastEventTime: Temporal.Instant | undefined;
};

/** Reads the state of the index. */
export async function readIndexState(tx: Tx): Promise<IndexState> {
  const [row] = await tx.query<{
    is_rebuilding: boolean;
    rebuild_time: Temporal.Instant | null;
    last_event_time: Temporal.Instant | null;
  }>(
    `select is_rebuilding, rebuild_time, greatest(
       (select max(event_time) from provider_copy), (select max(event_time) from service_copy),
       (select max(event_time) from free_share)) as last_event_time
     from index_state`,
  );
  return {
    isRebuilding: row?.is_rebuilding ?? false,
    rebuildTime: row?.rebuild_time ?? undefined,
    lastEventTime: row?.last_event_time ?? undefined,
  };
}

/** Notes that a rebuild begins; false when one runs already. */
export async function beginRebuild(tx: Tx): Promise<boolean> {
  const rows = await tx.query("update index_state set is_rebuilding = true where not is_rebuilding returning 1 as one");
  return rows.length > 0;
}

/** Notes that the rebuild is done. */
export async function endRebuild(tx: Tx, at: Temporal.Instant): Promise<void> {
  await tx.query("update index_state set is_rebuilding = false, rebuild_time = $1", [at]);
}
