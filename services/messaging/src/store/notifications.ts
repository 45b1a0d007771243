import { changedSince, type KeyRing, type Tx } from "@dawr/store";
import type { TemplateName } from "../domain/template.ts";
import type { ChannelName } from "./wishes.ts";

/** A message that waits to be rendered. */
export type WantedNotification = {
  readonly id: string;
  readonly account_id: string | null;
  readonly template: TemplateName;
  readonly locale: string;
  readonly subject: string;
  readonly arguments: Uint8Array;
  readonly expire_time: Temporal.Instant | null;
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

const context = "messaging.content";
const inboxColumns = "id, account_id, template, locale, subject, content, seen_time, create_time";

/** The message if it still waits to be rendered. */
export async function findWanted(tx: Tx, id: string): Promise<WantedNotification | undefined> {
  const [row] = await tx.query<WantedNotification>(
    `select id, account_id, template, locale, subject, arguments, expire_time from notification
     where id = $1 and state = 'WANTED' and arguments is not null`,
    [id],
  );
  return row;
}

/** The ways of a message that wait for it to be rendered; locks the message. */
export async function lockWaiting(
  tx: Tx,
  id: string,
): Promise<readonly { readonly id: string; readonly channel: ChannelName }[]> {
  await tx.query("select 1 from notification where id = $1 for no key update", [id]);
  return await tx.query(
    "select id, channel from delivery where notification_id = $1 and state = 'WAITING' order by channel",
    [id],
  );
}

/** Says that a message is rendered; its arguments are deleted. The content is for the inbox only. */
export async function markReady(
  tx: Tx,
  keys: KeyRing,
  id: string,
  locale: string,
  content: Content | undefined,
): Promise<void> {
  await tx.query("update notification set state = 'READY', locale = $2, content = $3, arguments = null where id = $1", [
    id,
    locale,
    content === undefined ? null : keys.encrypt(JSON.stringify(content), context),
  ]);
  if (content !== undefined) tx.notify("notification");
}

/** Says that a message will never be rendered; its arguments are deleted. */
export async function markEnded(tx: Tx, id: string): Promise<void> {
  await tx.query("update notification set state = 'ENDED', arguments = null where id = $1", [id]);
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
export async function markSeen(tx: Tx, accountId: string, ids: readonly string[], at: Temporal.Instant): Promise<void> {
  await tx.query(
    `update notification set seen_time = $3
     where account_id = $1 and content is not null and seen_time is null
       and (cardinality($2::uuid[]) = 0 or id = any ($2))`,
    [accountId, [...ids], at],
  );
  tx.notify("notification");
}

/** What the inbox shows of a row. */
export function openContent(keys: KeyRing, sealed: Uint8Array): Content {
  return JSON.parse(Buffer.from(keys.decrypt(sealed, context)).toString("utf8")) as Content;
}
