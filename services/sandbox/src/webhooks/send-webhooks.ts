import { type StepRunner, stepRunner } from "@dawr/runtime";
import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { z } from "zod";
import { getEvent, recordAttempt, type WebhookEvent } from "../store/webhook-events.ts";
import { signWebhook } from "./sign.ts";
import { webhookRunner } from "./webhook-runner.ts";

/** How webhooks are sent. */
export type WebhookDeps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  readonly log: Logger;
  readonly secret: string;
  /** The first pause after a failure; doubles up to an hour. */
  readonly retry: Temporal.Duration;
  /** The pause after a first attempt that was lost on purpose. */
  readonly lostRetry: Temporal.Duration;
  readonly giveUp: Temporal.Duration;
};

const payload = z.object({ event: z.string(), loseFirst: z.boolean() });

const answerLimitMs = 10_000;

/** Sends stored events until the merchant answers with 2xx; after a crash again, so that one may come twice. */
export function webhookSteps(deps: WebhookDeps): StepRunner {
  return stepRunner({
    name: webhookRunner,
    concurrency: 16,
    async run(step) {
      const { event: id, loseFirst } = payload.parse(step.payload);
      const event = await getEvent(deps.store, id);
      if (event === undefined) return;
      const isLost = loseFirst && event.attempts === 0;
      const result = isLost ? "lost" : await send(deps, event, step.signal);
      const at = deps.now();
      await deps.store.transaction((tx) => {
        if (/^2\d\d$/.test(result)) {
          recordAttempt(tx, id, { result, end: "delivered", at });
          return step.done(tx);
        }
        if (Temporal.Instant.compare(event.createTime.add(deps.giveUp), at) <= 0) {
          deps.log.warn({ event: id, result }, "a webhook was given up");
          recordAttempt(tx, id, { result, end: "given up", at });
          return step.done(tx);
        }
        recordAttempt(tx, id, { result, end: undefined, at });
        step.later(tx, at.add(isLost ? deps.lostRetry : pause(deps.retry, event.attempts)));
      });
    },
  });
}

/** Sends once; answers the status code, or in a word why there was none. */
async function send(deps: WebhookDeps, event: WebhookEvent, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(event.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "dawr-sandbox",
        "dawr-signature": signWebhook(deps.secret, event.body, deps.now()),
      },
      body: event.body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]),
    });
    // The connection is free for the next one only when the answer was read.
    await response.arrayBuffer();
    return String(response.status);
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") return "timeout";
    deps.log.debug({ err: error, event: event.id }, "a webhook was not taken");
    return "unreachable";
  }
}

function pause(first: Temporal.Duration, attempts: number): Temporal.Duration {
  const milliseconds = Math.min(first.total("milliseconds") * 2 ** Math.min(attempts, 20), 3_600_000);
  return Temporal.Duration.from({ milliseconds: Math.round(milliseconds) });
}
