import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { pruneInbox } from "../inbox.ts";

/** Removes old entries of a store's inbox, soon and then every hour; answers how to stop. */
export function startPruning(store: Store, keep: Temporal.Duration, log: Logger): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const prune = () => {
    running = pruneInbox(store, keep).then(
      (removed) => {
        if (removed > 0) log.debug({ removed }, "inbox pruned");
      },
      (error: unknown) => log.warn({ err: error }, "inbox could not be pruned; again in an hour"),
    );
  };
  // Replicas and services that start together need not prune together.
  const first = setTimeout(prune, 10_000 + Math.random() * 50_000).unref();
  const hourly = setInterval(prune, 3_600_000).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(hourly);
    await running;
  };
}
