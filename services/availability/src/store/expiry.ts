import type { Tx } from "@dawr/store";
import { changeChannel } from "./changes.ts";

/** When the next hold runs out. */
export async function nextExpiry(tx: Tx): Promise<Temporal.Instant | undefined> {
  const [row] = await tx.query<{ at: Temporal.Instant | null }>(
    "select min(expires_at) as at from reservation where state = 'HELD'",
  );
  return row?.at ?? undefined;
}

/** Holds that have run out, by provider. */
export async function dueHolds(tx: Tx, limit: number): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await tx.query<{ provider_id: string; reservation_id: string }>(
    `select provider_id, reservation_id from reservation where state = 'HELD' and expires_at <= clock_now()
      order by expires_at limit $1`,
    [limit],
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.provider_id)].map(([provider, due]) => [
      provider,
      due.map((row) => row.reservation_id),
    ]),
  );
}

/** Ends holds of a provider whose time is over; answers those that this call ended. */
export async function lapseHolds(
  tx: Tx,
  providerId: string,
  reservationIds: readonly string[],
): Promise<readonly string[]> {
  const [row] = await tx.query<{ lapsed: string[] }>("select lapse($1, $2::uuid[]) as lapsed", [
    providerId,
    reservationIds,
  ]);
  tx.notify(changeChannel, providerId);
  return row?.lapsed ?? [];
}
