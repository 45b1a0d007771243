import type { Tx } from "@dawr/store";

const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 60;

/** When a provider that could not be published is tried again next. */
export async function nextRetry(tx: Tx): Promise<Temporal.Instant | undefined> {
  const [row] = await tx.query<{ at: Temporal.Instant | null }>("select min(retry_time) as at from publish_retry");
  return row?.at ?? undefined;
}

/** The providers that are to be tried again now, the longest waiting first. */
export async function dueRetries(tx: Tx, limit: number): Promise<readonly string[]> {
  const rows = await tx.query<{ provider_id: string }>(
    "select provider_id from publish_retry where retry_time <= clock_now() order by retry_time limit $1",
    [limit],
  );
  return rows.map((row) => row.provider_id);
}

/** Has a provider tried again later, by itself: after a second, then after twice as long each time, up to a minute. */
export async function retryLater(tx: Tx, providerId: string): Promise<void> {
  await tx.query(
    `insert into publish_retry as r (provider_id, failures, retry_time)
     values ($1, 1, clock_now() + make_interval(secs => $2))
     on conflict (provider_id) do update set failures = r.failures + 1,
       retry_time = clock_now() + make_interval(secs => least($3, $2 * 2 ^ least(r.failures, 16)))`,
    [providerId, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS],
  );
}
