import { createHash, randomBytes } from "node:crypto";
import type { Tx } from "@dawr/store";

/** One log-in on one device. */
export type SessionRow = {
  readonly id: string;
  readonly account_id: string;
  readonly device_name: Uint8Array;
  readonly last_use_time: Temporal.Instant;
  readonly expire_time: Temporal.Instant;
  readonly revoke_time: Temporal.Instant | null;
  readonly create_time: Temporal.Instant;
};

const columns = "id, account_id, device_name, last_use_time, expire_time, revoke_time, create_time";

/** Starts a session. */
export async function insertSession(tx: Tx, session: Omit<SessionRow, "revoke_time">): Promise<void> {
  await tx.query(
    "insert into session (id, account_id, device_name, last_use_time, expire_time, create_time) values ($1, $2, $3, $4, $5, $6)",
    [
      session.id,
      session.account_id,
      session.device_name,
      session.last_use_time,
      session.expire_time,
      session.create_time,
    ],
  );
}

/** Makes a refresh token for a session; only its hash is kept. (ID-04) */
export async function issueRefreshToken(tx: Tx, sessionId: string, expireTime: Temporal.Instant): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await tx.query("insert into refresh_token (hash, session_id, expire_time) values ($1, $2, $3)", [
    hashOf(token),
    sessionId,
    expireTime,
  ]);
  return token;
}

/** What became of a refresh token that was shown. */
export type Redeemed =
  | { readonly kind: "unknown" }
  | { readonly kind: "reused"; readonly session: SessionRow }
  | { readonly kind: "good"; readonly session: SessionRow };

/** Uses a refresh token up, once; a second use is told apart, since somebody else may hold the token. (ID-04) */
export async function redeemRefreshToken(tx: Tx, token: string, at: Temporal.Instant): Promise<Redeemed> {
  const [row] = await tx.query<{ session_id: string; use_time: Temporal.Instant | null }>(
    "select session_id, use_time from refresh_token where hash = $1 and expire_time > $2 for update",
    [hashOf(token), at],
  );
  if (row === undefined) return { kind: "unknown" };
  const [session] = await tx.query<SessionRow>(`select ${columns} from session where id = $1 for update`, [
    row.session_id,
  ]);
  if (session === undefined || session.revoke_time !== null) return { kind: "unknown" };
  if (row.use_time !== null) return { kind: "reused", session };
  await tx.query("update refresh_token set use_time = $2 where hash = $1", [hashOf(token), at]);
  return { kind: "good", session };
}

/** The session that a refresh token belongs to, used or not. Not locked: accounts are locked before their sessions. */
export async function sessionOfToken(tx: Tx, token: string): Promise<SessionRow | undefined> {
  const [session] = await tx.query<SessionRow>(
    `select ${columns} from session where id = (select session_id from refresh_token where hash = $1)`,
    [hashOf(token)],
  );
  return session;
}

/** Finds a session of an account. */
export async function findSession(tx: Tx, accountId: string, id: string): Promise<SessionRow | undefined> {
  const [session] = await tx.query<SessionRow>(
    `select ${columns} from session where account_id = $1 and id = $2 for update`,
    [accountId, id],
  );
  return session;
}

/** Lists sessions of an account, the latest first, after the one that ended the page before. */
export async function listSessions(
  tx: Tx,
  accountId: string,
  after: { readonly createTime: Temporal.Instant; readonly id: string } | undefined,
  limit: number,
): Promise<readonly SessionRow[]> {
  return await tx.query<SessionRow>(
    `select ${columns} from session
     where account_id = $1 and ($2::timestamptz is null or (create_time, id) < ($2, $3::uuid))
     order by create_time desc, id desc limit $4`,
    [accountId, after?.createTime ?? null, after?.id ?? null, limit],
  );
}

/** Notes that a session was used, and how long it now lives. */
export async function touchSession(
  tx: Tx,
  id: string,
  at: Temporal.Instant,
  expireTime: Temporal.Instant,
): Promise<void> {
  await tx.query("update session set last_use_time = $2, expire_time = $3 where id = $1", [id, at, expireTime]);
}

/** Ends sessions of an account (all of them, or one); answers those that lived. */
export async function revokeSessions(
  tx: Tx,
  accountId: string,
  sessionId: string | undefined,
  at: Temporal.Instant,
): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>(
    `update session set revoke_time = $3
     where account_id = $1 and ($2::uuid is null or id = $2) and revoke_time is null and expire_time > $3 returning id`,
    [accountId, sessionId ?? null, at],
  );
  return rows.map(({ id }) => id);
}

/** Lists the sessions that were revoked after an instant: of one account, or of all. */
export async function listRevoked(
  tx: Tx,
  after: Temporal.Instant,
  accountId?: string,
): Promise<readonly { readonly id: string; readonly account_id: string; readonly revoke_time: Temporal.Instant }[]> {
  return await tx.query(
    "select id, account_id, revoke_time from session where revoke_time > $1 and ($2::uuid is null or account_id = $2)",
    [after, accountId ?? null],
  );
}

function hashOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
