import { setTimeout as delay } from "node:timers/promises";
import type { PlatformAuth } from "@dawr/rpc";
import type { Host } from "@dawr/runtime";
import { accountName, sessionName } from "./names.ts";
import { channels } from "./store/channels.ts";
import { listRevoked } from "./store/sessions.ts";

const retryMs = 1_000;

/** A notification is lost with a process that dies right after its commit: ended sessions are then found by looking. */
const lookMs = 5_000;

/**
 * Keeps what this process believes about people in step with the database: a session that ended anywhere is refused here as
 * soon as its end commits, and a membership that changed is asked for anew. (ID-04)
 */
export function followRevocations(
  { store, now, log }: Pick<Host, "store" | "now" | "log">,
  auth: Pick<PlatformAuth, "revokeSession" | "forgetMemberships">,
  tokenLifetime: Temporal.Duration,
): { start(): Promise<void>; stop(): void } {
  const stopped = new AbortController();

  /** Refuses the sessions that have ended and may have tokens that live; of one account, or of all. */
  async function refuseEnded(accountId: string | undefined): Promise<void> {
    const ended = await store.read((tx) => listRevoked(tx, now().subtract(tokenLifetime), accountId));
    for (const { id, account_id, revoke_time } of ended)
      auth.revokeSession(sessionName(account_id, id), revoke_time.add(tokenLifetime));
  }

  async function untilItWorks(accountId: string | undefined): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await refuseEnded(accountId);
        return;
      } catch (error) {
        log.warn({ err: error }, "sessions that ended could not be read; trying again");
        await delay(retryMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
  }

  let looking: NodeJS.Timeout | undefined;
  return {
    async start() {
      // An empty payload says that something may have been missed.
      await store.listen(channels.sessionsRevoked, (id) => void untilItWorks(id === "" ? undefined : id));
      await store.listen(channels.membershipsChanged, (id) =>
        auth.forgetMemberships(id === "" ? undefined : accountName(id)),
      );
      await refuseEnded(undefined);
      // One try each: the next look is the repetition, so that none pile up while the database is away.
      looking = setInterval(() => {
        refuseEnded(undefined).catch((error: unknown) => log.warn({ err: error }, "sessions that ended were not read"));
      }, lookMs);
      looking.unref();
    },
    stop: () => {
      clearInterval(looking);
      stopped.abort();
    },
  };
}
