import type { Tx } from "@dawr/store";
import type { Failures } from "../domain/lockout.ts";

/** What is known of failed log-ins with an address, whether or not it has an account; one caller at a time. (ID-05) */
export async function lockFailures(tx: Tx, emailIndex: Uint8Array): Promise<Failures> {
  await lockAddress(tx, emailIndex);
  return await readFailures(tx, emailIndex);
}

/** Lets one transaction at a time deal with an address, whether or not there is a row for it. */
export async function lockAddress(tx: Tx, emailIndex: Uint8Array): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(('x' || encode(substring($1::bytea for 8), 'hex'))::bit(64)::bigint)", [
    emailIndex,
  ]);
}

/** What is known of failed log-ins with an address at this moment. */
export async function readFailures(tx: Tx, emailIndex: Uint8Array): Promise<Failures> {
  const [row] = await tx.query<{ failures: number; lock_until: Temporal.Instant | null }>(
    "select failures, lock_until from login_failure where email_index = $1",
    [emailIndex],
  );
  return { count: row?.failures ?? 0, lockUntil: row?.lock_until ?? undefined };
}

/** Stores what is known of failed log-ins. */
export async function saveFailures(
  tx: Tx,
  emailIndex: Uint8Array,
  failures: Failures,
  at: Temporal.Instant,
): Promise<void> {
  await tx.query(
    `insert into login_failure (email_index, failures, lock_until, last_time) values ($1, $2, $3, $4)
     on conflict (email_index) do update set failures = $2, lock_until = $3, last_time = $4`,
    [emailIndex, failures.count, failures.lockUntil ?? null, at],
  );
}

/** Forgets failures after a log-in that went well. */
export async function clearFailures(tx: Tx, emailIndex: Uint8Array): Promise<void> {
  await tx.query("delete from login_failure where email_index = $1", [emailIndex]);
}
