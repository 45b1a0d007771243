import { SandboxError } from "../domain/errors.ts";
import { getMessage, getSource, listMessages, type Message } from "../store/messages.ts";
import { type Call, type Reply, type Route, seeOther } from "./exchange.ts";
import { type Html, html } from "./html.ts";
import type { MailboxDeps } from "./mailbox-api.ts";
import { onlyOwnName } from "./own-hosts.ts";
import { page } from "./page.ts";
import { pickLocale, texts } from "./texts.ts";

const shown = 100;

/** Mail for people: the list, of everybody or one address, and one mail with its HTML where it can do nothing. */
export function mailboxPageRoutes({ store, publicUrl }: MailboxDeps): readonly Route[] {
  const find = async (call: Call): Promise<Message> => {
    const message = await store.read((tx) => getMessage(tx, call.params.id ?? ""));
    if (message === undefined) throw new SandboxError("not_found", { id: call.params.id ?? "" });
    return message;
  };
  const routes: readonly Route[] = [
    { method: "GET", pattern: /^\/$/, handle: () => seeOther("/mailbox") },
    {
      method: "GET",
      pattern: /^\/mailbox\/?$/,
      async handle(call) {
        const to = call.url.searchParams.get("to") || undefined;
        const messages = await store.read((tx) => listMessages(tx, { to, after: undefined, limit: shown }));
        return listPage(call, messages, to);
      },
    },
    {
      method: "GET",
      pattern: /^\/mailbox\/messages\/(?<id>[0-9a-f-]{36})$/,
      handle: async (call) => messagePage(call, await find(call)),
    },
    {
      method: "GET",
      pattern: /^\/mailbox\/messages\/(?<id>[0-9a-f-]{36})\/html$/,
      handle: async (call) => mailHtml(await find(call)),
    },
    {
      method: "GET",
      pattern: /^\/mailbox\/messages\/(?<id>[0-9a-f-]{36})\/source$/,
      async handle({ params }) {
        const body = await store.read((tx) => getSource(tx, params.id ?? ""));
        if (body === undefined) throw new SandboxError("not_found", { id: params.id ?? "" });
        return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body };
      },
    },
  ];
  return routes.map((route) => ({ ...route, handle: onlyOwnName(publicUrl, route.handle) }));
}

function listPage(call: Call, messages: readonly Message[], to: string | undefined): Reply {
  const locale = pickLocale(call.url.searchParams.get("lang"), call.headers["accept-language"], "");
  const rows = messages.map(
    (message) => html`<tr>
<td class="ltr">${timeText(message)}</td>
<td>${addresses(message.recipients)}</td>
<td dir="auto"><a href="/mailbox/messages/${message.id}">${message.subject === "" ? "—" : message.subject}</a></td>
</tr>`,
  );
  return page({
    locale,
    title: texts.mailbox[locale],
    refreshSeconds: 5,
    body: html`<div class="wide"><h1>${texts.mailbox[locale]}</h1>
${to === undefined ? undefined : html`<p class="note"><span class="ltr">${to}</span> · <a href="/mailbox">×</a></p>`}
<table>${rows}</table></div>`,
  });
}

function messagePage(call: Call, message: Message): Reply {
  const locale = pickLocale(call.url.searchParams.get("lang"), call.headers["accept-language"], "");
  const path = `/mailbox/messages/${message.id}`;
  const frame =
    message.html === undefined
      ? undefined
      : html`<iframe sandbox="" src="${path}/html" title="${message.subject}" referrerpolicy="no-referrer"></iframe>`;
  return page({
    locale,
    title: message.subject,
    frames: true,
    body: html`<div class="wide"><p><a href="/mailbox">${texts.mailbox[locale]}</a></p>
<h1 dir="auto">${message.subject}</h1>
<p class="muted"><span class="ltr">${message.sender}</span> → ${addresses(message.recipients)} · <span class="ltr">${timeText(message)}</span>
· <a href="${path}/source">source</a></p>
${frame}
<pre dir="auto">${message.text}</pre>
<ul>${message.attachments.map(({ name, type, sizeBytes }) => html`<li><span class="ltr">${name} (${type}, ${sizeBytes} B)</span></li>`)}</ul></div>`,
  });
}

/** A mail's own markup: shown in a frame without scripts, forms, plug-ins or anything fetched from elsewhere. */
function mailHtml(message: Message): Reply {
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
      "x-frame-options": "SAMEORIGIN",
    },
    body: message.html ?? "",
  };
}

function addresses(recipients: readonly string[]): readonly Html[] {
  return recipients.map(
    (address) => html`<a class="ltr" href="/mailbox?to=${encodeURIComponent(address)}">${address}</a> `,
  );
}

function timeText(message: Message): string {
  return message.receiveTime.round("second").toString();
}
