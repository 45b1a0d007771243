import type { Store } from "@dawr/store";
import { z } from "zod";
import { SandboxError } from "../domain/errors.ts";
import type { MailWatch } from "../mail/mail-watch.ts";
import { deleteMessage, deleteMessages, getMessage, listMessages, type Message } from "../store/messages.ts";
import { json, type Route } from "./exchange.ts";
import { onlyOwnName } from "./own-hosts.ts";

/** What the mailbox needs. */
export type MailboxDeps = {
  readonly store: Store;
  readonly watch: MailWatch;
  readonly publicUrl: () => string;
};

/** Mail for programs: list by address, wait for the next, read, delete. */
export function mailboxApiRoutes({ store, watch, publicUrl }: MailboxDeps): readonly Route[] {
  const routes: readonly Route[] = [
    {
      method: "GET",
      pattern: /^\/mailbox\/api\/messages$/,
      async handle({ url, signal }) {
        const { wait, ...query } = listQuery.parse(Object.fromEntries(url.searchParams));
        const filter = { to: query.to, after: query.after, limit: query.limit };
        const until = performance.now() + wait * 1000;
        for (;;) {
          const waitMs = until - performance.now();
          // Armed before the look: mail that comes in between wakes us all the same.
          const over = new AbortController();
          const woken = watch.next(Math.max(0, waitMs), AbortSignal.any([signal, over.signal]));
          const messages = await store.read((tx) => listMessages(tx, filter));
          if (messages.length > 0 || waitMs <= 0 || signal.aborted) {
            over.abort();
            return json(200, { messages: messages.map(messageToJson) });
          }
          await woken;
        }
      },
    },
    {
      method: "GET",
      pattern: /^\/mailbox\/api\/messages\/(?<id>[0-9a-f-]{36})$/,
      async handle({ params }) {
        const message = await store.read((tx) => getMessage(tx, params.id ?? ""));
        if (message === undefined) throw new SandboxError("not_found", { id: params.id ?? "" });
        return json(200, messageToJson(message));
      },
    },
    {
      method: "DELETE",
      pattern: /^\/mailbox\/api\/messages$/,
      async handle({ url }) {
        const to = url.searchParams.get("to") ?? undefined;
        return json(200, { deleted: await store.transaction((tx) => deleteMessages(tx, to)) });
      },
    },
    {
      method: "DELETE",
      pattern: /^\/mailbox\/api\/messages\/(?<id>[0-9a-f-]{36})$/,
      async handle({ params }) {
        const isDeleted = await store.transaction((tx) => deleteMessage(tx, params.id ?? ""));
        if (!isDeleted) throw new SandboxError("not_found", { id: params.id ?? "" });
        return json(200, { deleted: 1 });
      },
    },
  ];
  return routes.map((route) => ({ ...route, handle: onlyOwnName(publicUrl, route.handle) }));
}

const listQuery = z.looseObject({
  to: z.string().min(1).max(320).optional(),
  after: z.coerce.bigint().optional(),
  wait: z.coerce.number().min(0).max(60).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** A mail in the API's words; `number` is what `after` takes. */
function messageToJson(message: Message): Record<string, unknown> {
  return {
    id: message.id,
    number: String(message.number),
    from: message.sender,
    to: message.recipients,
    subject: message.subject,
    text: message.text,
    html: message.html ?? null,
    attachments: message.attachments.map(({ name, type, sizeBytes }) => ({ name, type, size_bytes: sizeBytes })),
    size_bytes: message.sizeBytes,
    receive_time: message.receiveTime.toString(),
  };
}
