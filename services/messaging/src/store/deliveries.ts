import type { KeyRing, Tx } from "@dawr/store";
import type { Told } from "../events/outcome-events.ts";
import { contexts } from "./encrypted-columns.ts";
import type { ChannelName } from "./wishes.ts";

/** A message as it is sent, encrypted until it is. */
export type SealedMessage = {
  readonly address: string;
  readonly locale: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
};

/** A delivery that is to be tried, with its message and how often it was tried before. */
export type DueDelivery = {
  readonly id: string;
  readonly channel: ChannelName;
  readonly attempts: number;
  readonly failures: number;
  readonly message: Uint8Array;
  readonly expire_time: Temporal.Instant | null;
};

/** The delivery if it is still to be tried. */
export async function findDue(source: Pick<Tx, "query">, id: string): Promise<DueDelivery | undefined> {
  const [row] = await source.query<DueDelivery>(
    `select d.id, d.channel, d.attempts, d.failures, d.message, n.expire_time
     from delivery d join notification n on n.id = d.notification_id
     where d.id = $1 and d.state = 'QUEUED'`,
    [id],
  );
  return row;
}

/** Ends a delivery that arrived; its message is deleted. Answers what is told of it; undefined: it had ended before. */
export async function markDelivered(
  tx: Tx,
  id: string,
  attempts: number,
  at: Temporal.Instant,
): Promise<Told | undefined> {
  const [told] = await tx.query<Told>(
    `with arrived as (
       update delivery set state = 'DELIVERED', message = null, attempts = $2, deliver_time = $3
       where id = $1 and state = 'QUEUED' returning notification_id)
     update notification n set version = version + 1 from arrived where n.id = arrived.notification_id
     returning n.id, n.account_id, n.template, n.subject, n.version`,
    [id, attempts, at],
  );
  return told;
}

/** Ends a delivery that nobody needs any more; its message is deleted. */
export function markExpired(tx: Tx, id: string): void {
  tx.post("update delivery set state = 'EXPIRED', message = null where id = $1 and state = 'QUEUED'", [id]);
}

/** Notes an attempt after which there will be another. */
export function noteAttempt(
  tx: Tx,
  id: string,
  { attempts, failures }: { readonly attempts: number; readonly failures: number },
): void {
  tx.post("update delivery set attempts = $2, failures = $3 where id = $1 and state = 'QUEUED'", [
    id,
    attempts,
    failures,
  ]);
}

/** Gives a delivery up; its message stays, encrypted, for a replay. Answers as markDelivered() does. */
export async function parkDelivery(
  tx: Tx,
  id: string,
  { failure, attempts }: { readonly failure: string; readonly attempts: number },
  at: Temporal.Instant,
): Promise<Told | undefined> {
  const [told] = await tx.query<Told>(
    `with given_up as (
       update delivery set state = 'FAILED', attempts = $2
       where id = $1 and state = 'QUEUED' returning id, notification_id),
     letter as (
       insert into delivery_dead_letter (delivery_id, failure, attempts, park_time)
       select id, $3, $2, $4 from given_up)
     update notification n set version = version + 1 from given_up where n.id = given_up.notification_id
     returning n.id, n.account_id, n.template, n.subject, n.version`,
    [id, attempts, failure, at],
  );
  return told;
}

/** Takes parked deliveries, all or one, back among those that are tried; answers their ids. */
export async function unparkDeliveries(tx: Tx, id: string | undefined): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>(
    `with taken as (
       delete from delivery_dead_letter l using delivery d
       where d.id = l.delivery_id and d.message is not null and ($1::uuid is null or l.delivery_id = $1)
       returning l.delivery_id)
     update delivery d set state = 'QUEUED', failures = 0, attempts = 0
     from taken where d.id = taken.delivery_id returning d.id`,
    [id ?? null],
  );
  return rows.map((row) => row.id);
}

/** Encrypts a message until it is sent. */
export function sealMessage(keys: KeyRing, message: SealedMessage): Uint8Array {
  return keys.encrypt(JSON.stringify(message), contexts.message);
}

/** The message that was sealed. */
export function openMessage(keys: KeyRing, sealed: Uint8Array): SealedMessage {
  return JSON.parse(Buffer.from(keys.decrypt(sealed, contexts.message)).toString("utf8")) as SealedMessage;
}
