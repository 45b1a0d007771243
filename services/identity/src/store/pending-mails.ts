import type { KeyRing, Tx } from "@dawr/store";
import { openText } from "./accounts.ts";
import { contexts } from "./encrypted-columns.ts";

/** A mail to an address that may not have an account. */
export type Mail = {
  readonly email: string;
  readonly template: "verification-code" | "log-in-code" | "account-exists";
  readonly locale: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** After this the mail is of no use. */
  readonly expireTime: Temporal.Instant;
};

/** Keeps a mail, encrypted, until messaging has it. */
export async function insertPendingMail(
  tx: Tx,
  keys: KeyRing,
  id: string,
  { expireTime, ...content }: Mail,
): Promise<void> {
  await tx.query("insert into pending_mail (id, content, expire_time) values ($1, $2, $3)", [
    id,
    keys.encrypt(JSON.stringify(content), contexts.mail),
    expireTime,
  ]);
}

/** Finds a mail that is still of use at a time. */
export async function findPendingMail(
  tx: Tx,
  keys: KeyRing,
  id: string,
  at: Temporal.Instant,
): Promise<Mail | undefined> {
  const [row] = await tx.query<{ content: Uint8Array; expire_time: Temporal.Instant }>(
    "select content, expire_time from pending_mail where id = $1 and expire_time > $2",
    [id, at],
  );
  if (row === undefined) return undefined;
  const content = JSON.parse(openText(keys, row.content, contexts.mail)) as Omit<Mail, "expireTime">;
  return { ...content, expireTime: row.expire_time };
}

/** Forgets a mail. */
export async function deletePendingMail(tx: Tx, id: string): Promise<void> {
  await tx.query("delete from pending_mail where id = $1", [id]);
}
