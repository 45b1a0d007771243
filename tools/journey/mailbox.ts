import type { Urls } from "./platform-client.ts";

/** A mail in the local mailbox. */
export type Mail = {
  readonly number: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly to: readonly string[];
};

/** Waits for a mail to an address that fits; throws when none has come within the given seconds. */
export async function waitForMail(urls: Urls, to: string, fits: (mail: Mail) => boolean, seconds = 20): Promise<Mail> {
  const until = performance.now() + seconds * 1_000;
  let after = "0";
  for (;;) {
    const waitSeconds = Math.max(0, Math.min(10, (until - performance.now()) / 1_000));
    const query = new URLSearchParams({ to, after, wait: waitSeconds.toFixed(1) });
    const response = await fetch(`${urls.sandbox}/mailbox/api/messages?${query}`);
    if (!response.ok) throw new Error(`the mailbox answered ${response.status}`);
    const { messages } = (await response.json()) as { readonly messages: readonly Mail[] };
    const found = messages.find(fits);
    if (found !== undefined) return found;
    for (const { number } of messages) if (BigInt(number) > BigInt(after)) after = number;
    if (performance.now() >= until) throw new Error(`no such mail to ${to} within ${seconds} s`);
  }
}
