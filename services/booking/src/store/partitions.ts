import type { Store } from "@dawr/store";

/** So many months lie ready ahead of the present one: a job that fails for weeks harms nothing. */
const monthsAhead = 3;

/** Who is told which partition was made. */
type Told = { info(fields: { readonly partition: string }, text: string): void };

/**
 * Makes the monthly partitions of bookings and their history ahead of time. Rows that came first lie in the default
 * partition and are taken along. When writers hold that for long, it fails rather than make others wait. (BK-09)
 */
export async function makePartitions(store: Store, at: Temporal.Instant, log: Told): Promise<void> {
  const missing = await store.read((tx) =>
    tx.query<{ parent: string; month: string }>("select parent, month::text as month from missing_partitions($1, $2)", [
      at,
      monthsAhead,
    ]),
  );
  for (const { parent, month } of missing) {
    const [row] = await store.transaction(async (tx) => {
      await tx.query("set local lock_timeout = '2s'");
      return await tx.query<{ made: boolean }>("select make_partition($1, $2::date) as made", [parent, month]);
    });
    if (row?.made === true) log.info({ partition: `${parent} ${month}` }, "partition made");
  }
}
