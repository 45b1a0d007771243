import { createHash, timingSafeEqual } from "node:crypto";
import type { Tx } from "@dawr/store";
import { SandboxError } from "../domain/errors.ts";

/** An answer of the API as it was given. */
export type StoredAnswer = { readonly status: number; readonly body: string };

/**
 * Does the work once per key and gives its first answer to everybody who repeats it, also to those who ask at the same
 * time: they wait. Refusals are not kept. Throws idempotency_key_reused for another request under the same key.
 */
export async function answerOnce(
  tx: Tx,
  key: string,
  request: string,
  at: Temporal.Instant,
  work: () => Promise<StoredAnswer>,
): Promise<StoredAnswer> {
  const fingerprint = createHash("sha256").update(request).digest();
  const [claimed] = await tx.query(
    `insert into idempotent_answer (key, fingerprint, status, body, create_time) values ($1, $2, 0, '', $3)
     on conflict (key) do nothing returning key`,
    [key, fingerprint, at],
  );
  if (claimed === undefined) return storedAnswer(tx, key, fingerprint);
  const answer = await work();
  tx.post("update idempotent_answer set status = $2, body = $3 where key = $1", [key, answer.status, answer.body]);
  return answer;
}

/** Forgets answers that were given before an instant. */
export function forgetAnswers(tx: Tx, before: Temporal.Instant): void {
  tx.post("delete from idempotent_answer where create_time < $1", [before]);
}

async function storedAnswer(tx: Tx, key: string, fingerprint: Buffer): Promise<StoredAnswer> {
  const [row] = await tx.query<StoredAnswer & { readonly fingerprint: Buffer }>(
    "select status, body, fingerprint from idempotent_answer where key = $1",
    [key],
  );
  if (row === undefined || !timingSafeEqual(row.fingerprint, fingerprint))
    throw new SandboxError("idempotency_key_reused", { key });
  return { status: row.status, body: row.body };
}
