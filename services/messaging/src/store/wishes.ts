import { addSteps, type Host, type NewStep } from "@dawr/runtime";
import type { KeyRing, Tx } from "@dawr/store";
import type { Arguments, TemplateName } from "../domain/template.ts";
import { notificationName } from "../names.ts";
import { contexts } from "./encrypted-columns.ts";

/** The ways that a message may go. */
export type ChannelName = "EMAIL" | "INBOX";

/** Who a message is for. */
export type Recipient =
  | { readonly kind: "account"; readonly accountId: string }
  | { readonly kind: "address"; readonly email: string };

/** A message that is to be sent. */
export type Wish = {
  /** The id of the event or request that wants it, a UUID. */
  readonly sourceId: string;
  readonly recipient: Recipient;
  readonly template: TemplateName;
  /** Empty for the account's. */
  readonly locale: string;
  readonly arguments: Arguments;
  readonly subject: string;
  readonly expireTime?: Temporal.Instant | undefined;
  readonly channels: readonly ChannelName[];
};

/** What is kept, encrypted, until the message is rendered. */
export type Sealed = { readonly email?: string; readonly arguments: Arguments };

/** What storing wishes needs. */
export type WishDeps = Pick<Host, "keys" | "now" | "newId">;

/** The runner that renders what is wanted. */
export const prepareRunner = "messaging.prepare";

/**
 * Stores a message and the step that renders it; answers its name. Asking again for the same source and recipient changes
 * nothing and answers the same. (MS-03)
 */
export async function storeWish(tx: Tx, deps: WishDeps, wish: Wish): Promise<string> {
  const row = rowOf(deps, wish);
  const [added] = await tx.query(insertStatement, valuesOf([row]));
  if (added !== undefined) {
    addSteps(tx, [stepOf(row)]);
    return notificationName(row.accountId, row.id);
  }
  const [known] = await tx.query<{ id: string }>(
    "select id from notification where source_id = $1 and recipient = $2",
    [row.sourceId, row.recipient],
  );
  if (known === undefined) throw new Error("a notification that is there cannot be found");
  return notificationName(row.accountId, known.id);
}

/** The same for several messages whose names nobody asks for: the step of one that was known finds nothing to do. */
export function postWishes(tx: Tx, deps: WishDeps, wishes: readonly Wish[]): void {
  if (wishes.length === 0) return;
  const rows = wishes.map((wish) => rowOf(deps, wish));
  tx.post(insertStatement, valuesOf(rows));
  addSteps(tx, rows.map(stepOf));
}

type WishRow = Pick<Wish, "sourceId" | "template" | "locale" | "subject"> & {
  readonly id: string;
  readonly recipient: Uint8Array;
  readonly accountId: string | null;
  readonly sealed: Uint8Array;
  readonly expireTime: Temporal.Instant | null;
  readonly createTime: Temporal.Instant;
  readonly deliveries: readonly { readonly id: string; readonly channel: ChannelName }[];
};

function rowOf({ keys, now, newId }: WishDeps, wish: Wish): WishRow {
  const { sourceId, recipient, template, locale, subject, expireTime, channels } = wish;
  return {
    id: newId(),
    sourceId,
    recipient: recipientHash(keys, recipient),
    accountId: recipient.kind === "account" ? recipient.accountId : null,
    template,
    locale,
    subject,
    sealed: sealWish(keys, wish),
    expireTime: expireTime ?? null,
    createTime: now(),
    deliveries: channels.map((channel) => ({ id: newId(), channel })),
  };
}

function stepOf({ id }: WishRow): NewStep {
  return { id, runner: prepareRunner, key: id, name: "prepare" };
}

function valuesOf(rows: readonly WishRow[]): readonly unknown[] {
  const deliveries = rows.flatMap((row) => row.deliveries.map((delivery) => ({ ...delivery, notification: row.id })));
  return [
    rows.map((row) => row.id),
    rows.map((row) => row.sourceId),
    rows.map((row) => row.recipient),
    rows.map((row) => row.accountId),
    rows.map((row) => row.template),
    rows.map((row) => row.locale),
    rows.map((row) => row.subject),
    rows.map((row) => row.sealed),
    rows.map((row) => row.expireTime),
    rows.map((row) => row.createTime),
    deliveries.map(({ id }) => id),
    deliveries.map(({ notification }) => notification),
    deliveries.map(({ channel }) => channel),
  ];
}

const insertStatement = `
  with added as (
    insert into notification (id, source_id, recipient, account_id, state, template, locale, subject, arguments,
      expire_time, create_time)
    select id, source_id, recipient, account_id, 'WANTED', template, locale, subject, arguments, expire_time, create_time
    from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bytea[],
        $9::timestamptz[], $10::timestamptz[])
      as w (id, source_id, recipient, account_id, template, locale, subject, arguments, expire_time, create_time)
    on conflict (source_id, recipient) do nothing
    returning id, source_id, recipient, create_time
  ), ways as (
    insert into delivery (id, notification_id, source_id, recipient, channel, state, create_time)
    select d.id, a.id, a.source_id, a.recipient, d.channel, 'WAITING', a.create_time
    from unnest($11::uuid[], $12::uuid[], $13::text[]) as d (id, notification_id, channel)
    join added a on a.id = d.notification_id
    on conflict (source_id, recipient, channel) do nothing
  )
  select id from added`;

/** What was sealed with a message. */
export function openWish(keys: KeyRing, sealed: Uint8Array): Sealed {
  return JSON.parse(Buffer.from(keys.decrypt(sealed, contexts.arguments)).toString("utf8")) as Sealed;
}

function sealWish(keys: KeyRing, { recipient, arguments: given }: Wish): Uint8Array {
  const sealed: Sealed = {
    arguments: given,
    ...(recipient.kind === "address" ? { email: recipient.email } : {}),
  };
  return keys.encrypt(JSON.stringify(sealed), contexts.arguments);
}

function recipientHash(keys: KeyRing, recipient: Recipient): Uint8Array {
  const value = recipient.kind === "account" ? `accounts/${recipient.accountId}` : recipient.email.toLowerCase();
  return keys.blindIndex(value, "messaging.recipient");
}
