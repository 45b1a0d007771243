import { changedSince, type KeyRing, type Tx } from "@dawr/store";
import type { TemplateName } from "../domain/template.ts";
import { contexts } from "./encrypted-columns.ts";
import type { ChannelName } from "./wishes.ts";

/** A message that waits to be rendered, with the ways that it is to go. */
export type WantedNotification = {
  readonly id: string;
  readonly account_id: string | null;
  readonly version: bigint;
  readonly template: TemplateName;
  readonly locale: string;
  readonly subject: string;
  readonly arguments: Uint8Array;
  readonly expire_time: Temporal.Instant | null;
  readonly deliveries: readonly { readonly id: string; readonly channel: ChannelName }[];
};

/** A row of the inbox. */
export type InboxRow = {
  readonly id: string;
  readonly account_id: string;
  readonly template: string;
  readonly locale: string;
  readonly subject: string;
  readonly content: Uint8Array;
  readonly seen_time: Temporal.Instant | null;
  readonly create_time: Temporal.Instant;
};

/** What the inbox shows. */
export type Content = { readonly title: string; readonly body: string };

const inboxColumns = "id, account_id, template, locale, subject, content, seen_time, create_time";

/** The message if it still waits to be rendered. */
export async function findWanted(source: Pick<Tx, "query">, id: string): Promise<WantedNotification | undefined> {
  const [row] = await source.query<WantedNotification>(
    `select id, account_id, version, template, locale, subject, arguments, expire_time,
       (select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'channel', d.channel) order by d.channel), '[]')
        from delivery d where d.notification_id = n.id and d.state = 'WAITING') as deliveries
     from notification n where id = $1 and state = 'WANTED' and arguments is not null`,
    [id],
  );
  return row;
}

/** A rendered message: what its inbox shows, if it has one, and what goes out, sealed. */
export type ReadyNotification = {
  readonly id: string;
  readonly version: bigint;
  readonly locale: string;
  readonly content: Content | undefined;
  readonly message: Uint8Array;
};

/** Says that a message is rendered: it is in the inbox, and on its other ways. Its arguments are deleted. */
export function markReady(
  tx: Tx,
  keys: KeyRing,
  { id, version, locale, content, message }: ReadyNotification,
  at: Temporal.Instant,
): void {
  tx.post(
    `with ready as (
       update notification set state = 'READY', version = $2, locale = $3, content = $4, arguments = null
       where id = $1 and state = 'WANTED' returning id)
     update delivery d set
       state = case d.channel when 'INBOX' then 'DELIVERED' else 'QUEUED' end,
       message = case d.channel when 'INBOX' then null else $5::bytea end,
       deliver_time = case d.channel when 'INBOX' then $6::timestamptz end
     from ready where d.notification_id = ready.id and d.state = 'WAITING'`,
    [
      id,
      version,
      locale,
      content === undefined ? null : keys.encrypt(JSON.stringify(content), contexts.content),
      message,
      at,
    ],
  );
  if (content !== undefined) tx.notify("notification");
}

/** Says that a message will not be rendered, for its time is over; its arguments are deleted. */
export function markOver(tx: Tx, id: string): void {
  tx.post(
    `with over as (
       update notification set state = 'ENDED', arguments = null where id = $1 and state = 'WANTED' returning id)
     update delivery d set state = 'EXPIRED' from over where d.notification_id = over.id and d.state = 'WAITING'`,
    [id],
  );
}

/** Says that a message will never be rendered and why; its arguments are deleted. */
export function markImpossible(
  tx: Tx,
  { id, version, failure }: { readonly id: string; readonly version: bigint; readonly failure: string },
  at: Temporal.Instant,
): void {
  tx.post(
    `with ended as (
       update notification set state = 'ENDED', version = $2, arguments = null
       where id = $1 and state = 'WANTED' returning id),
     failed as (
       update delivery d set state = 'FAILED' from ended
       where d.notification_id = ended.id and d.state = 'WAITING' returning d.id)
     insert into delivery_dead_letter (delivery_id, failure, attempts, park_time) select id, $3, 0, $4 from failed`,
    [id, version, failure, at],
  );
}

/** Lists the inbox of an account, the latest first. */
export async function listInbox(
  tx: Tx,
  query: {
    readonly accountId: string;
    readonly unseenOnly: boolean;
    readonly beforeId: string | undefined;
    readonly limit: number;
  },
): Promise<readonly InboxRow[]> {
  return await tx.query<InboxRow>(
    `select ${inboxColumns} from notification
     where account_id = $1 and content is not null
       and ($2::uuid is null or id < $2) and (not $3::boolean or seen_time is null)
     order by id desc limit $4`,
    [query.accountId, query.beforeId ?? null, query.unseenOnly, query.limit],
  );
}

/** Lists what changed in an account's inbox since a snapshot; without one the latest. */
export async function inboxSince(
  tx: Tx,
  accountId: string,
  since: string | undefined,
  limit: number,
): Promise<readonly InboxRow[]> {
  const condition = since === undefined ? "$2::text is null" : changedSince("$2");
  return await tx.query<InboxRow>(
    `select ${inboxColumns} from notification
     where account_id = $1 and content is not null and ${condition} order by id desc limit $3`,
    [accountId, since ?? null, limit],
  );
}

/** How many of an account's inbox were not seen. */
export async function countUnseen(tx: Tx, accountId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from notification
     where account_id = $1 and content is not null and seen_time is null`,
    [accountId],
  );
  return row?.count ?? 0;
}

/** Marks messages of an account as seen, all of them when no ids are given; those seen already keep their time. */
export function markSeen(tx: Tx, accountId: string, ids: readonly string[], at: Temporal.Instant): void {
  tx.post(
    `update notification set seen_time = $3
     where account_id = $1 and content is not null and seen_time is null
       and (cardinality($2::uuid[]) = 0 or id = any ($2))`,
    [accountId, [...ids], at],
  );
  tx.notify("notification");
}

/** What the inbox shows of a row. */
export function openContent(keys: KeyRing, sealed: Uint8Array): Content {
  return JSON.parse(Buffer.from(keys.decrypt(sealed, contexts.content)).toString("utf8")) as Content;
}
