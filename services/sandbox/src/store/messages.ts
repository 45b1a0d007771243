import type { Tx } from "@dawr/store";

/** A mail as the mailbox shows it. */
export type Message = {
  readonly number: bigint;
  readonly id: string;
  readonly sender: string;
  /** Whom it was handed in for, in lower case. */
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
  readonly attachments: readonly { readonly name: string; readonly type: string; readonly sizeBytes: number }[];
  readonly sizeBytes: number;
  readonly receiveTime: Temporal.Instant;
};

/** The channel that wakes who waits for mail. */
export const mailChannel = "sandbox_mail";

/** Stores a mail; numbers follow the order of commit. */
export function insertMessage(tx: Tx, message: Omit<Message, "number"> & { readonly source: Uint8Array }): void {
  tx.post(
    // One writer at a time: a number is only given out, for the row of its turn, when all smaller ones are committed.
    `with turn as materialized (select pg_advisory_xact_lock(hashtextextended('sandbox.message', 0)))
     insert into message (id, sender, recipients, subject, body_text, body_html, attachments, size_bytes, source, receive_time)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 from turn`,
    [
      message.id,
      message.sender,
      message.recipients,
      message.subject,
      message.text,
      message.html ?? null,
      JSON.stringify(message.attachments),
      message.sizeBytes,
      message.source,
      message.receiveTime,
    ],
  );
  tx.notify(mailChannel);
}

/** What a list of mails is narrowed to. */
export type MessageFilter = {
  readonly to: string | undefined;
  /** Only those with a greater number, the oldest first; undefined: the newest first. */
  readonly after: bigint | undefined;
  readonly limit: number;
};

/** Lists mails. */
export async function listMessages(tx: Tx, { to, after, limit }: MessageFilter): Promise<Message[]> {
  const rows = await tx.query<MessageRow>(
    `select ${columns} from message
     where ($1::text is null or recipients @> array[$1::text]) and ($2::bigint is null or number > $2)
     order by case when $2::bigint is null then -number else number end limit $3`,
    [to?.toLowerCase() ?? null, after ?? null, limit],
  );
  return rows.map(toMessage);
}

/** Reads one mail. */
export async function getMessage(tx: Tx, id: string): Promise<Message | undefined> {
  const [row] = await tx.query<MessageRow>(`select ${columns} from message where id = $1`, [id]);
  return row === undefined ? undefined : toMessage(row);
}

/** Reads a mail as it came, headers and all. */
export async function getSource(tx: Tx, id: string): Promise<Buffer | undefined> {
  const [row] = await tx.query<{ readonly source: Buffer }>("select source from message where id = $1", [id]);
  return row?.source;
}

/** Deletes the mails of an address, or all; answers how many. */
export async function deleteMessages(tx: Tx, to: string | undefined): Promise<number> {
  const rows = await tx.query(
    "delete from message where ($1::text is null or recipients @> array[$1::text]) returning number",
    [to?.toLowerCase() ?? null],
  );
  return rows.length;
}

/** Deletes one mail; answers whether it was there. */
export async function deleteMessage(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query("delete from message where id = $1 returning number", [id]);
  return rows.length > 0;
}

/** Deletes mails that came before an instant. */
export function forgetMessages(tx: Tx, before: Temporal.Instant): void {
  tx.post("delete from message where receive_time < $1", [before]);
}

type MessageRow = {
  readonly number: bigint;
  readonly id: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly body_text: string;
  readonly body_html: string | null;
  readonly attachments: Message["attachments"];
  readonly size_bytes: number;
  readonly receive_time: Temporal.Instant;
};

const columns = "number, id, sender, recipients, subject, body_text, body_html, attachments, size_bytes, receive_time";

function toMessage(row: MessageRow): Message {
  return {
    number: row.number,
    id: row.id,
    sender: row.sender,
    recipients: row.recipients,
    subject: row.subject,
    text: row.body_text,
    html: row.body_html ?? undefined,
    attachments: row.attachments,
    sizeBytes: row.size_bytes,
    receiveTime: row.receive_time,
  };
}
