import { addSteps, type Host, type Job, type Step, type StepRunner, stepRunner } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import type { Channel } from "../channels/channel.ts";
import { afterAttempt, type Outcome, type RetryRule } from "../domain/back-off.ts";
import { tellDelivered, tellFailed } from "../events/outcome-events.ts";
import {
  findDue,
  markDelivered,
  markExpired,
  noteAttempt,
  openMessage,
  parkDelivery,
  unparkDeliveries,
} from "../store/deliveries.ts";

/** What sending needs. */
export type SendDeps = Pick<Host, "store" | "keys" | "now" | "log"> & {
  readonly email: Channel;
  /** Mails on their way at once. */
  readonly concurrency: number;
  readonly rule: RetryRule;
  /** Counts what attempts came to. */
  readonly count: (outcome: Outcome | "expired") => void;
};

const sendRunner = "messaging.send";

/** Stores the steps that send queued deliveries, in the transaction that queues them. */
export function addSends(tx: Tx, deliveries: readonly string[]): void {
  addSteps(
    tx,
    deliveries.map((id) => ({ id, runner: sendRunner, key: id, name: "send" })),
  );
}

/**
 * Tries deliveries and notes what came of it. Who dies between the two loses the claim, and the next one sends again with
 * the same Message-ID: at least once, and recognisable. (MS-03)
 */
export function sendSteps(deps: SendDeps): StepRunner {
  return stepRunner({ name: sendRunner, concurrency: deps.concurrency, run: (step) => send(deps, step) });
}

/** The job that puts parked deliveries back on their way, all of them or the one named; payload {delivery?}. */
export function replayJob({ store }: Pick<SendDeps, "store">): Job {
  return {
    name: "replay-deliveries",
    run: (payload) =>
      store.transaction(async (tx) => addSends(tx, await unparkDeliveries(tx, optionalDelivery(payload)))),
  };
}

async function send({ store, keys, now, log, email, rule, count }: SendDeps, step: Step): Promise<void> {
  const due = await findDue(store, step.key);
  if (due === undefined) return;
  const { id, channel, expire_time, failures } = due;
  if (expire_time !== null && Temporal.Instant.compare(expire_time, now()) <= 0) {
    await store.transaction((tx) => {
      markExpired(tx, id);
      step.done(tx);
    });
    return count("expired");
  }
  const { outcome, failure } = await email.send({ deliveryId: id, ...openMessage(keys, due.message) }, step.signal);
  count(outcome);
  const at = now();
  // The step counts its attempts before they are made, so that those that ended in a crash are among them.
  const attempts = due.attempts + step.attempt;
  const verdict = afterAttempt(outcome, { attempts, failures }, rule, at);
  await store.transaction(async (tx) => {
    switch (verdict.kind) {
      case "delivered": {
        const told = await markDelivered(tx, id, attempts, at);
        if (told !== undefined) tellDelivered(tx, told, channel, at);
        return step.done(tx);
      }
      case "given up": {
        const told = await parkDelivery(tx, id, { failure, attempts }, at);
        if (told !== undefined) tellFailed(tx, told, channel, { failure, attempts });
        return step.done(tx);
      }
      case "again":
        noteAttempt(tx, id, { attempts, failures: verdict.failures });
        return step.later(tx, verdict.at);
    }
  });
  const about = { delivery: id, channel, failure, attempts };
  if (verdict.kind === "given up") log.error(about, "a message is given up");
  if (verdict.kind === "again") log.warn(about, "a message was not taken; it is tried again");
}

function optionalDelivery(payload: unknown): string | undefined {
  if (typeof payload !== "object" || payload === null || !("delivery" in payload)) return undefined;
  return typeof payload.delivery === "string" ? payload.delivery : undefined;
}
