import type { Contact } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { type Locale, localeOf } from "@dawr/rpc";
import { type Host, type Step, type StepRunner, stepRunner } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import type { Arguments } from "../domain/template.ts";
import { tellDelivered, tellFailed } from "../events/outcome-events.ts";
import { sealMessage } from "../store/deliveries.ts";
import { findWanted, markImpossible, markOver, markReady, type WantedNotification } from "../store/notifications.ts";
import { openWish, prepareRunner, type Sealed } from "../store/wishes.ts";
import { type Rendered, render } from "../templates/render.ts";
import { contactsOf, type Sources, withProvider } from "./gather-facts.ts";
import { addSends } from "./send.ts";

/** What rendering of stored wishes needs. */
export type PrepareDeps = Pick<Host, "store" | "keys" | "now"> &
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
  const { store, keys, now, sender, bookingLink } = deps;
  const wanted = await findWanted(store, step.key);
  if (wanted === undefined) return;
  if (isOver(wanted, now())) {
    return await store.transaction((tx) => {
      markOver(tx, wanted.id);
      step.done(tx);
    });
  }
  const wish = openWish(keys, wanted.arguments);
  const account = wanted.account_id === null ? undefined : `accounts/${wanted.account_id}`;
  const [contacts, given] = await Promise.all([
    contactsOf(deps, [account, wish.arguments.customerAccount], step.signal),
    withProvider(deps, wish.arguments, step.signal),
  ]);
  const reader = account === undefined ? strangerOf(wanted, wish) : personOf(wanted, contacts.get(account));
  if (reader === undefined) {
    return await store.transaction((tx) => {
      giveUp(tx, wanted, "recipient unknown", now());
      step.done(tx);
    });
  }
  const customer = contacts.get(given.customerAccount ?? "")?.displayName;
  const named = { ...reader.name, ...(customer === undefined ? {} : { customer }), ...given };
  const rendered = render(wanted.template, named, {
    locale: reader.locale,
    now: now(),
    expireTime: wanted.expire_time ?? undefined,
    sender,
    bookingLink,
  });
  await store.transaction((tx) => {
    route(tx, deps, wanted, reader.address, rendered);
    step.done(tx);
  });
}

type Reader = { readonly address: string; readonly locale: Locale; readonly name: Arguments };

function strangerOf({ locale }: WantedNotification, { email }: Sealed): Reader | undefined {
  return email === undefined ? undefined : { address: email, locale: localeOf(locale), name: {} };
}

function personOf({ locale }: WantedNotification, contact: Contact | undefined): Reader | undefined {
  if (contact === undefined || contact.email === "") return undefined;
  return {
    address: contact.email,
    locale: localeOf(locale === "" ? contact.locale : locale),
    name: { name: contact.displayName },
  };
}

/** Puts a message into the inbox and hands it to its other ways. The step's claim is what keeps others off its version. */
function route(
  tx: Tx,
  { keys, now }: PrepareDeps,
  wanted: WantedNotification,
  address: string,
  { locale, title, body, subject, html, text }: Rendered,
): void {
  const at = now();
  const inbox = wanted.deliveries.find(({ channel }) => channel === "INBOX");
  const version = wanted.version + (inbox === undefined ? 0n : 1n);
  const content = inbox === undefined ? undefined : { title, body };
  const message = sealMessage(keys, { address, locale, subject, html, text });
  markReady(tx, keys, { id: wanted.id, version, locale, content, message }, at);
  if (inbox !== undefined) tellDelivered(tx, { ...wanted, version }, inbox.channel, at);
  addSends(
    tx,
    wanted.deliveries.filter((delivery) => delivery !== inbox).map(({ id }) => id),
  );
}

/** Ends a message that can go nowhere, and tells so for each of its ways. */
function giveUp(tx: Tx, wanted: WantedNotification, failure: string, at: Temporal.Instant): void {
  const { id, version, deliveries } = wanted;
  markImpossible(tx, { id, version: version + BigInt(deliveries.length), failure }, at);
  for (const [place, { channel }] of deliveries.entries())
    tellFailed(tx, { ...wanted, version: version + BigInt(place + 1) }, channel, { failure, attempts: 0 });
}

/** Whether a message makes no sense any more. */
function isOver({ expire_time }: { readonly expire_time: Temporal.Instant | null }, at: Temporal.Instant): boolean {
  return expire_time !== null && Temporal.Instant.compare(expire_time, at) <= 0;
}
