import type { Host } from "@dawr/runtime";
import { addStep } from "@dawr/runtime";
import type { KeyRing, Tx } from "@dawr/store";
import type { Arguments, TemplateName } from "../domain/template.ts";
import { notificationName } from "../names.ts";

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

const context = "messaging.arguments";

/**
 * Stores a message and the step that renders it; answers its name. Asking again for the same source and recipient changes
 * nothing and answers the same. (MS-03)
 */
export async function storeWish(tx: Tx, { keys, now, newId }: WishDeps, wish: Wish): Promise<string> {
  const { sourceId, recipient, template, locale, subject, expireTime, channels } = wish;
  const accountId = recipient.kind === "account" ? recipient.accountId : null;
  const hash = recipientHash(keys, recipient);
  const id = newId();
  const at = now();
  const [added] = await tx.query<{ id: string }>(
    `insert into notification (id, source_id, recipient, account_id, state, template, locale, subject, arguments,
       expire_time, create_time)
     values ($1, $2, $3, $4, 'WANTED', $5, $6, $7, $8, $9, $10)
     on conflict (source_id, recipient) do nothing returning id`,
    [id, sourceId, hash, accountId, template, locale, subject, sealWish(keys, wish), expireTime ?? null, at],
  );
  if (added === undefined) {
    const [known] = await tx.query<{ id: string }>(
      "select id from notification where source_id = $1 and recipient = $2",
      [sourceId, hash],
    );
    if (known === undefined) throw new Error("a notification that is there cannot be found");
    return notificationName(accountId, known.id);
  }
  await tx.query(
    `insert into delivery (id, notification_id, source_id, recipient, channel, state, create_time)
     select id, $2, $3, $4, channel, 'WAITING', $6 from unnest($1::uuid[], $5::text[]) as d (id, channel)
     on conflict (source_id, recipient, channel) do nothing`,
    [channels.map(() => newId()), id, sourceId, hash, [...channels], at],
  );
  addStep(tx, { id, runner: prepareRunner, key: id, name: "prepare" });
  return notificationName(accountId, id);
}

/** What was sealed with a message. */
export function openWish(keys: KeyRing, sealed: Uint8Array): Sealed {
  return JSON.parse(Buffer.from(keys.decrypt(sealed, context)).toString("utf8")) as Sealed;
}

function sealWish(keys: KeyRing, { recipient, arguments: given }: Wish): Uint8Array {
  const sealed: Sealed = {
    arguments: given,
    ...(recipient.kind === "address" ? { email: recipient.email } : {}),
  };
  return keys.encrypt(JSON.stringify(sealed), context);
}

function recipientHash(keys: KeyRing, recipient: Recipient): Uint8Array {
  const value = recipient.kind === "account" ? `accounts/${recipient.accountId}` : recipient.email.toLowerCase();
  return keys.blindIndex(value, "messaging.recipient");
}
