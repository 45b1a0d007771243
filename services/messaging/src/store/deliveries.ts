import type { KeyRing, Tx } from "@dawr/store";
import type { ChannelName } from "./wishes.ts";

/** A message as it is sent, encrypted until it is. */
export type SealedMessage = {
  readonly address: string;
  readonly locale: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
};

/** A delivery that is to be tried, with its message and what is told of it. */
export type DueDelivery = {
  readonly id: string;
  readonly notification_id: string;
  readonly channel: ChannelName;
  readonly attempts: number;
  readonly failures: number;
  readonly message: Uint8Array;
  readonly expire_time: Temporal.Instant | null;
};

const context = "messaging.message";

/** Counts one more attempt before it is made, so that attempts that end in a crash count too; undefined: nothing to do. */
export async function beginAttempt(tx: Tx, id: string): Promise<DueDelivery | undefined> {
  const [row] = await tx.query<DueDelivery>(
    `update delivery d set attempts = attempts + 1
     from notification n
     where d.id = $1 and d.state = 'QUEUED' and n.id = d.notification_id
     returning d.id, d.notification_id, d.channel, d.attempts, d.failures, d.message, n.expire_time`,
    [id],
  );
  return row;
}

/** Hands a rendered message to its channel. */
export async function queueDelivery(tx: Tx, keys: KeyRing, id: string, message: SealedMessage, at: Temporal.Instant) {
  await tx.query("update delivery set state = 'QUEUED', message = $2, next_attempt_time = $3 where id = $1", [
    id,
    keys.encrypt(JSON.stringify(message), context),
    at,
  ]);
}

/** Ends a delivery that arrived, or that nobody needs any more; its message is deleted. False: it had ended before. */
export async function endDelivery(
  tx: Tx,
  id: string,
  state: "DELIVERED" | "EXPIRED",
  at: Temporal.Instant,
): Promise<boolean> {
  const rows = await tx.query(
    `update delivery set state = $2, message = null, next_attempt_time = null,
       deliver_time = case when $2 = 'DELIVERED' then $3::timestamptz end
     where id = $1 and state in ('WAITING', 'QUEUED') returning 1 as one`,
    [id, state, at],
  );
  return rows.length > 0;
}

/** Puts a delivery off until its next attempt. */
export async function postponeDelivery(tx: Tx, id: string, failures: number, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    "update delivery set failures = $2, next_attempt_time = $3 where id = $1 and state = 'QUEUED' returning 1 as one",
    [id, failures, at],
  );
  return rows.length > 0;
}

/** Gives a delivery up; its message stays, encrypted, for a replay. */
export async function parkDelivery(tx: Tx, id: string, failure: string, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    `with given_up as (
       update delivery set state = 'FAILED', next_attempt_time = null
       where id = $1 and state in ('WAITING', 'QUEUED') returning id, attempts)
     insert into delivery_dead_letter (delivery_id, failure, attempts, park_time)
     select id, $2, attempts, $3 from given_up returning 1 as one`,
    [id, failure, at],
  );
  return rows.length > 0;
}

/** Takes parked deliveries, all or one, back among those that are tried; answers their ids. */
export async function unparkDeliveries(
  tx: Tx,
  id: string | undefined,
  at: Temporal.Instant,
): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>(
    `with taken as (
       delete from delivery_dead_letter l using delivery d
       where d.id = l.delivery_id and d.message is not null and ($1::uuid is null or l.delivery_id = $1)
       returning l.delivery_id)
     update delivery d set state = 'QUEUED', failures = 0, attempts = 0, next_attempt_time = $2
     from taken where d.id = taken.delivery_id returning d.id`,
    [id ?? null, at],
  );
  return rows.map((row) => row.id);
}

/** Deliveries whose next attempt was to be before a time, the longest overdue first. */
export async function overdueDeliveries(tx: Tx, before: Temporal.Instant): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>(
    "select id from delivery where state = 'QUEUED' and next_attempt_time < $1 order by next_attempt_time limit 1000",
    [before],
  );
  return rows.map((row) => row.id);
}

/** The message that was sealed. */
export function openMessage(keys: KeyRing, sealed: Uint8Array): SealedMessage {
  return JSON.parse(Buffer.from(keys.decrypt(sealed, context)).toString("utf8")) as SealedMessage;
}
