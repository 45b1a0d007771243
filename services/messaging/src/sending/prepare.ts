import { type Locale, localeOf } from "@dawr/rpc";
import { type Host, type Step, type StepRunner, stepRunner } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import type { Arguments } from "../domain/template.ts";
import { tellDelivered, tellFailed } from "../events/outcome-events.ts";
import { endDelivery, parkDelivery, queueDelivery } from "../store/deliveries.ts";
import { findWanted, lockWaiting, markEnded, markReady, type WantedNotification } from "../store/notifications.ts";
import { openWish, prepareRunner } from "../store/wishes.ts";
import { type Rendered, render } from "../templates/render.ts";
import { contactsOf, type Sources, withProvider } from "./gather-facts.ts";
import { sendJobName } from "./send.ts";

/** What rendering of stored wishes needs. */
export type PrepareDeps = Pick<Host, "store" | "keys" | "now" | "enqueue"> &
  Sources & {
    readonly sender: string;
    readonly bookingLink: string;
  };

/**
 * Renders what is wanted: asks who the reader is and what the message names, puts it into the inbox and on its ways. While
 * identity or the catalogue cannot answer it waits and tries again, for as long as it takes. (MS-03)
 */
export function prepareSteps(deps: PrepareDeps): StepRunner {
  return stepRunner({ name: prepareRunner, run: (step) => prepare(deps, step) });
}

async function prepare(deps: PrepareDeps, step: Step): Promise<void> {
  const { store, now } = deps;
  const wanted = await store.read((tx) => findWanted(tx, step.key));
  if (wanted === undefined) return;
  if (isOver(wanted, now())) return await end(deps, step, "expired");
  const reader = await readerOf(deps, wanted, step.signal);
  if (reader === undefined) return await end(deps, step, "recipient unknown");
  const given = await withProvider(deps, reader.given, step.signal);
  const rendered = render(wanted.template, given, {
    locale: reader.locale,
    now: now(),
    expireTime: wanted.expire_time ?? undefined,
    sender: deps.sender,
    bookingLink: deps.bookingLink,
  });
  await store.transaction(async (tx) => {
    await route(tx, deps, wanted, reader.address, rendered);
    step.done(tx);
  });
}

type Reader = { readonly address: string; readonly locale: Locale; readonly given: Arguments };

async function readerOf(
  deps: PrepareDeps,
  wanted: WantedNotification,
  signal: AbortSignal,
): Promise<Reader | undefined> {
  const { email, arguments: given } = openWish(deps.keys, wanted.arguments);
  const account = wanted.account_id === null ? undefined : `accounts/${wanted.account_id}`;
  const { customerAccount } = given;
  const contacts = await contactsOf(
    deps,
    [account, customerAccount].flatMap((name) => (name === undefined || name === "" ? [] : [name])),
    signal,
  );
  const customer = customerAccount === undefined ? undefined : contacts.get(customerAccount)?.displayName;
  const named = { ...(customer === undefined ? {} : { customer }), ...given };
  if (account === undefined) {
    return email === undefined ? undefined : { address: email, locale: localeOf(wanted.locale), given: named };
  }
  const contact = contacts.get(account);
  if (contact === undefined || contact.email === "") return undefined;
  return {
    address: contact.email,
    locale: localeOf(wanted.locale === "" ? contact.locale : wanted.locale),
    given: { name: contact.displayName, ...named },
  };
}

async function route(
  tx: Tx,
  { keys, now, enqueue }: PrepareDeps,
  wanted: WantedNotification,
  address: string,
  { locale, title, body, subject, html, text }: Rendered,
): Promise<void> {
  const at = now();
  const deliveries = await lockWaiting(tx, wanted.id);
  const inInbox = deliveries.some(({ channel }) => channel === "INBOX");
  await markReady(tx, keys, wanted.id, locale, inInbox ? { title, body } : undefined);
  for (const { id, channel } of deliveries) {
    if (channel === "INBOX") {
      await endDelivery(tx, id, "DELIVERED", at);
      await tellDelivered(tx, wanted.id, channel, at);
    } else {
      await queueDelivery(tx, keys, id, { address, locale, subject, html, text }, at);
      await enqueue(tx, sendJobName, { delivery: id }, { key: id });
    }
  }
}

async function end({ store, now }: PrepareDeps, step: Step, why: "expired" | "recipient unknown"): Promise<void> {
  await store.transaction(async (tx) => {
    for (const { id, channel } of await lockWaiting(tx, step.key)) {
      if (why === "expired") await endDelivery(tx, id, "EXPIRED", now());
      else if (await parkDelivery(tx, id, why, now()))
        await tellFailed(tx, step.key, channel, { failure: why, attempts: 0 });
    }
    await markEnded(tx, step.key);
    step.done(tx);
  });
}

/** Whether a message makes no sense any more. */
function isOver({ expire_time }: { readonly expire_time: Temporal.Instant | null }, at: Temporal.Instant): boolean {
  return expire_time !== null && Temporal.Instant.compare(expire_time, at) <= 0;
}
