import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { outboxChannel } from "../append.ts";
import type { Backoff } from "../backoff.ts";
import type { Bus } from "../bus.ts";
import { openRelayMetrics } from "../metrics.ts";
import { type Term, takeLease } from "./lease.ts";
import { hasUpTo, newestPosition, observeOutbox } from "./outbox.ts";
import { startWork, type Work } from "./term.ts";
import type { WindowBounds } from "./window.ts";

/** What carries one service's events to the bus; of all replicas, one does it at a time. */
export type Relay = {
  /**
   * Waits until the events that are committed now have been delivered, and answers whether they have; gives up after
   * `timeoutMs`, or when another replica leads.
   */
  flush(options?: { readonly timeoutMs?: number }): Promise<boolean>;
  /** Ends: what is being handed over may finish within `graceMs`, then the lease is given up. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
  /** The epoch of the lease while this relay leads. */
  epoch(): bigint | undefined;
};

export type RelayOptions = {
  readonly store: Store;
  readonly bus: Bus;
  /** The service, as "dawr.booking". */
  readonly source: string;
  readonly log: Logger;
  readonly now: () => Temporal.Instant;
  /** How long a relay that has died or frozen keeps the others from its work. */
  readonly leaseMs?: number;
  /**
   * Takes the lease at the start even if it still runs: for a process that is the only one on its database, whose
   * predecessor was killed. Whoever holds it after all is fenced off by the epoch.
   */
  readonly isAlone?: boolean;
  /** Keys handed to the bus at once. */
  readonly keysInFlight?: number;
  readonly bounds?: WindowBounds;
  readonly backoff?: Backoff;
};

/** Starts a service's relay; consumers in the same process should have subscribed before. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { store, bus, source, log, now, leaseMs = 3_000, isAlone = false, keysInFlight = 256 } = options;
  const { bounds = { size: 4_096, perKey: 8, bytes: 32 * 1_024 * 1_024 } } = options;
  const { backoff = { firstMs: 50, maxMs: 5_000 } } = options;
  const metrics = openRelayMetrics(source, async () => (leading === undefined ? undefined : observeOutbox(store, now)));
  let leading: { readonly term: Term; readonly work: Work } | undefined;
  let attempt: Promise<void> | undefined;
  let isClosed = false;

  function lead(isForced = false): Promise<void> {
    if (leading !== undefined || isClosed) return Promise.resolve();
    attempt ??= takeOver(isForced).finally(() => {
      attempt = undefined;
    });
    return attempt;
  }

  async function takeOver(isForced: boolean): Promise<void> {
    const term = await takeLease(store, leaseMs, isForced);
    if (term === undefined) return;
    if (isClosed) return await term.release();
    const onLost = () => {
      if (leading?.term === term) leading = undefined;
      log.warn({ source, epoch: String(term.epoch) }, "relay lost its lease");
    };
    const work = startWork({ store, bus, source, log, term, metrics, bounds, keysInFlight, backoff, onLost });
    leading = { term, work };
    log.debug({ source, epoch: String(term.epoch) }, "relay leads");
  }

  function tick(): void {
    if (leading === undefined) lead().catch(warn);
    else {
      leading.term.isHeld().catch(warn);
      // A net below the notifications: nothing should ever be found by it.
      leading.work.wake();
    }
  }

  function warn(error: unknown): void {
    log.warn({ err: error, source }, "relay's lease cannot be asked for; trying again");
  }

  const unlisten = await store.listen(outboxChannel, (payload) => {
    // An empty payload is what append() sends, and what a new connection says.
    leading?.work.wake();
    if (leading === undefined && payload === "lease") lead().catch(warn);
  });
  // The next tick tries again.
  await lead(isAlone).catch(warn);
  const timer = setInterval(tick, leaseMs / 4);

  return {
    flush: async ({ timeoutMs = 10_000 } = {}) => {
      const deadline = performance.now() + timeoutMs;
      const newest = await newestPosition(store);
      if (newest === undefined) return true;
      for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
        if (!(await hasUpTo(store, newest))) return true;
        if (leading === undefined || performance.now() > deadline) return false;
        leading.work.wake();
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
    close: async ({ graceMs = 2_000 } = {}) => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      await attempt?.catch(warn);
      await unlisten();
      await leading?.work.stop(graceMs);
      // Without the database the lease runs out by itself.
      await leading?.term.release().catch(warn);
      leading = undefined;
      metrics.close();
    },
    epoch: () => leading?.term.epoch,
  };
}
