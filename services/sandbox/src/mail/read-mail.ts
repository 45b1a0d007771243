import PostalMime, { type Address } from "postal-mime";
import type { Message } from "../store/messages.ts";

/** What the mailbox keeps of a mail besides its source. */
export type ReadMail = Pick<Message, "subject" | "text" | "html" | "attachments">;

/** Reads a mail as it came over SMTP; one that is badly formed is read as far as it goes. */
export async function readMail(source: Uint8Array): Promise<ReadMail> {
  const mail = await PostalMime.parse(source);
  return {
    subject: withoutNul(mail.subject ?? ""),
    text: withoutNul(mail.text ?? ""),
    html: mail.html === undefined ? undefined : withoutNul(mail.html),
    attachments: mail.attachments.map(({ filename, mimeType, content }) => ({
      name: withoutNul(filename ?? ""),
      type: mimeType,
      sizeBytes: typeof content === "string" ? Buffer.byteLength(content) : content.byteLength,
    })),
  };
}

/** An address as it is compared: without a name, in lower case. */
export function addressOf(address: Pick<Address, "address"> | false | undefined): string {
  return address === false || address?.address === undefined ? "" : address.address.toLowerCase();
}

// PostgreSQL's text cannot hold it.
function withoutNul(text: string): string {
  return text.replaceAll("\0", "");
}
