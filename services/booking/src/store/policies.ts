import type { Tx } from "@dawr/store";
import type { Policy } from "../domain/policy.ts";

/** A provider's own policy as stored. */
export type StoredPolicy = Omit<Policy, "refundsFee"> & {
  readonly version: bigint;
  readonly updateTime: Temporal.Instant;
};

type Row = {
  readonly free_window_minutes: number;
  readonly late_penalty_percent: number;
  readonly no_show_penalty_percent: number;
  readonly accepts_cash: boolean;
  readonly version: bigint;
  readonly update_time: Temporal.Instant;
};

const columns =
  "free_window_minutes, late_penalty_percent, no_show_penalty_percent, accepts_cash, version, update_time";

/** Reads a provider's own policy; undefined where it has said nothing. `lock` keeps others from changing it meanwhile. */
export async function findPolicy(
  tx: Tx,
  providerId: string,
  lock: "lock" | "" = "",
): Promise<StoredPolicy | undefined> {
  // A lock of the provider, not of the row: there may be none yet.
  if (lock === "lock")
    await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`policy ${providerId}`]);
  const [row] = await tx.query<Row>(`select ${columns} from policy where provider_id = $1`, [providerId]);
  if (row === undefined) return undefined;
  return {
    freeWindowMinutes: row.free_window_minutes,
    latePenaltyPercent: row.late_penalty_percent,
    noShowPenaltyPercent: row.no_show_penalty_percent,
    acceptsCash: row.accepts_cash,
    version: row.version,
    updateTime: row.update_time,
  };
}

/** Stores a provider's policy. */
export async function savePolicy(tx: Tx, providerId: string, policy: StoredPolicy): Promise<void> {
  await tx.query(
    `insert into policy (provider_id, ${columns}) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (provider_id) do update set free_window_minutes = $2, late_penalty_percent = $3,
       no_show_penalty_percent = $4, accepts_cash = $5, version = $6, update_time = $7`,
    [
      providerId,
      policy.freeWindowMinutes,
      policy.latePenaltyPercent,
      policy.noShowPenaltyPercent,
      policy.acceptsCash,
      policy.version,
      policy.updateTime,
    ],
  );
}
