import type { Tx } from "@dawr/store";

/** What a one-time code is for. */
export type Purpose = "VERIFY_CONTACT" | "LOG_IN";

/** Stores the one live code of an account for a purpose; an earlier one ends. */
export async function putCode(
  tx: Tx,
  accountId: string,
  purpose: Purpose,
  codeHash: Uint8Array,
  expireTime: Temporal.Instant,
): Promise<void> {
  await tx.query(
    `insert into one_time_code (account_id, purpose, code_hash, expire_time) values ($1, $2, $3, $4)
     on conflict (account_id, purpose) do update set code_hash = $3, expire_time = $4, attempts = 0`,
    [accountId, purpose, codeHash, expireTime],
  );
}

/** Tells whether a code is right; a wrong one counts, and after so many none is right any more. */
export async function tryCode(
  tx: Tx,
  accountId: string,
  purpose: Purpose,
  matches: (codeHash: Uint8Array) => boolean,
  limits: { readonly attempts: number; readonly at: Temporal.Instant },
): Promise<boolean> {
  const [row] = await tx.query<{ code_hash: Uint8Array }>(
    `select code_hash from one_time_code
     where account_id = $1 and purpose = $2 and expire_time > $3 and attempts < $4 for update`,
    [accountId, purpose, limits.at, limits.attempts],
  );
  if (row === undefined) return false;
  if (matches(row.code_hash)) return true;
  await tx.query("update one_time_code set attempts = attempts + 1 where account_id = $1 and purpose = $2", [
    accountId,
    purpose,
  ]);
  return false;
}

/** Uses a code up; false when somebody else has. */
export async function useCode(tx: Tx, accountId: string, purpose: Purpose): Promise<boolean> {
  const rows = await tx.query("delete from one_time_code where account_id = $1 and purpose = $2 returning 1 as one", [
    accountId,
    purpose,
  ]);
  return rows.length > 0;
}
