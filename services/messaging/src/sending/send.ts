import type { Host, Job, JobHelpers } from "@dawr/runtime";
import type { Channel } from "../channels/channel.ts";
import { afterAttempt, type Outcome, type RetryRule, type Verdict } from "../domain/back-off.ts";
import { tellDelivered, tellFailed } from "../events/outcome-events.ts";
import {
  beginAttempt,
  type DueDelivery,
  endDelivery,
  openMessage,
  overdueDeliveries,
  parkDelivery,
  postponeDelivery,
  unparkDeliveries,
} from "../store/deliveries.ts";

/** What sending needs. */
export type SendDeps = Pick<Host, "store" | "keys" | "now" | "enqueue" | "log"> & {
  readonly email: Channel;
  readonly rule: RetryRule;
  /** Counts what attempts came to. */
  readonly count: (outcome: Outcome | "expired") => void;
};

/** The job that sends one delivery; payload {delivery}. */
export const sendJobName = "send-delivery";

/**
 * Tries one delivery and notes what came of it. Who dies between the two sends it again with the same Message-ID: at least
 * once, and recognisable. The pauses between attempts are the delivery's own, so that a restart keeps them. (MS-03)
 */
export function sendJob(deps: SendDeps): Job {
  return {
    name: sendJobName,
    run: (payload, helpers) => send(deps, deliveryOf(payload), helpers),
  };
}

/** The job that puts parked deliveries back on their way, all of them or the one named; payload {delivery?}. */
export function replayJob({ store, now, enqueue }: SendDeps): Job {
  return {
    name: "replay-deliveries",
    run: (payload) =>
      store.transaction(async (tx) => {
        const ids = await unparkDeliveries(tx, optionalDelivery(payload), now());
        for (const id of ids) await enqueue(tx, sendJobName, { delivery: id }, { key: id });
      }),
  };
}

/** The job that looks for deliveries whose time has long come: their own job was given up while the database was away. */
export function resumeJob({ store, now, enqueue }: SendDeps): Job {
  return {
    name: "resume-deliveries",
    schedule: "*/10 * * * *",
    run: () =>
      store.transaction(async (tx) => {
        const ids = await overdueDeliveries(tx, now().subtract({ minutes: 10 }));
        for (const id of ids) await enqueue(tx, sendJobName, { delivery: id }, { key: id });
      }),
  };
}

async function send(deps: SendDeps, id: string, { signal }: JobHelpers): Promise<void> {
  const { store, keys, now, email, rule, count } = deps;
  const due = await store.transaction((tx) => beginAttempt(tx, id));
  if (due === undefined) return;
  if (due.expire_time !== null && Temporal.Instant.compare(due.expire_time, now()) <= 0) {
    await store.transaction((tx) => endDelivery(tx, id, "EXPIRED", now()));
    count("expired");
    return;
  }
  const { outcome, failure } = await email.send({ deliveryId: id, ...openMessage(keys, due.message) }, signal);
  count(outcome);
  await note(deps, due, afterAttempt(outcome, due, rule, now()), failure);
}

async function note(deps: SendDeps, due: DueDelivery, verdict: Verdict, failure: string): Promise<void> {
  const { store, now, enqueue, log } = deps;
  const { id, notification_id, channel, attempts } = due;
  await store.transaction(async (tx) => {
    switch (verdict.kind) {
      case "delivered":
        if (await endDelivery(tx, id, "DELIVERED", now())) await tellDelivered(tx, notification_id, channel, now());
        return;
      case "given up":
        if (await parkDelivery(tx, id, failure, now()))
          await tellFailed(tx, notification_id, channel, { failure, attempts });
        return;
      case "again":
        if (await postponeDelivery(tx, id, verdict.failures, verdict.at))
          await enqueue(tx, sendJobName, { delivery: id }, { key: id, runAt: verdict.at });
        return;
    }
  });
  const about = { delivery: id, channel, failure, attempts };
  if (verdict.kind === "given up") log.error(about, "a message is given up");
  if (verdict.kind === "again") log.warn(about, "a message was not taken; it is tried again");
}

function deliveryOf(payload: unknown): string {
  const id = optionalDelivery(payload);
  if (id === undefined) throw new TypeError("the job names no delivery");
  return id;
}

function optionalDelivery(payload: unknown): string | undefined {
  if (typeof payload !== "object" || payload === null || !("delivery" in payload)) return undefined;
  return typeof payload.delivery === "string" ? payload.delivery : undefined;
}
