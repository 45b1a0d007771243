import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { type Backoff, pauseAfterMs } from "../backoff.ts";
import type { Bus } from "../bus.ts";
import type { RelayMetrics } from "../metrics.ts";
import type { Term } from "./lease.ts";
import { deleteDelivered, type OutboxRow, readOutbox, toEvent } from "./outbox.ts";
import { openWindow, type WindowBounds } from "./window.ts";

/** A relay at work for as long as it leads. */
export type Work = {
  /** Says that there may be events to read. */
  readonly wake: () => void;
  /** Takes up nothing more, and waits for what has been handed over, but not longer than `graceMs`. */
  readonly stop: (graceMs: number) => Promise<void>;
};

export type WorkOptions = {
  readonly store: Store;
  readonly bus: Bus;
  readonly source: string;
  readonly log: Logger;
  readonly term: Term;
  readonly metrics: RelayMetrics;
  readonly bounds: WindowBounds;
  /** Keys handed to the bus at once. */
  readonly keysInFlight: number;
  readonly backoff: Backoff;
  /** Called once when the lease turns out to be lost. */
  readonly onLost: () => void;
};

/**
 * Carries events from the outbox to the bus: in order within a key, keys side by side, each key at its own pace, and only
 * while the lease is held.
 */
export function startWork(options: WorkOptions): Work {
  const { store, bus, source, log, term, metrics, bounds, keysInFlight, backoff } = options;
  const window = openWindow<OutboxRow>(bounds);
  const deliveries = new Set<Promise<void>>();
  const pauses = new Map<string, NodeJS.Timeout>();
  const failures = new Map<string, number>();
  let state: "working" | "stopping" | "ended" = "working";
  let isWanted = true;
  let isReading = false;
  let delivered: bigint[] = [];
  let isRemoving = false;
  let removal: Promise<void> | undefined;

  function wake(): void {
    isWanted = true;
    void read();
  }

  async function read(): Promise<void> {
    if (isReading) return;
    isReading = true;
    for (let failed = 0; isWanted && state === "working" && window.room() > 0; ) {
      // Nearly full: reading for every event that leaves would read past all the others each time.
      if (window.room() < bounds.size / 4) await pause(20);
      isWanted = false;
      try {
        const limit = Math.min(window.room(), readSize);
        const rows = await readOutbox(store, window.known(), window.fullKeys(), limit);
        if (state !== "working") break;
        if (window.admit(rows) || rows.length === limit) isWanted = true;
        failed = 0;
        dispatch();
      } catch (error) {
        isWanted = true;
        failed += 1;
        if (failed === 1) log.warn({ err: error }, "outbox cannot be read; trying again");
        await pause(pauseAfterMs(failed, backoff));
      }
    }
    isReading = false;
  }

  function dispatch(): void {
    while (state === "working" && deliveries.size < keysInFlight) {
      const rows = window.take();
      if (rows === undefined) return;
      const delivery = deliver(rows).finally(() => {
        deliveries.delete(delivery);
        dispatch();
      });
      deliveries.add(delivery);
    }
  }

  async function deliver(rows: readonly OutboxRow[]): Promise<void> {
    const key = rows[0]?.key ?? "";
    const startMs = performance.now();
    try {
      if (!(await term.isHeld())) return lose();
      await bus.publish(rows.map((row) => toEvent(row, source)));
    } catch (error) {
      metrics.failed(startMs, error);
      return retryLater(key, rows, error);
    }
    metrics.sent(rows.length, startMs);
    failures.delete(key);
    delivered.push(...rows.map((row) => row.position));
    if (!isRemoving) removal = remove();
    if (window.done(key)) wake();
  }

  function retryLater(key: string, rows: readonly OutboxRow[], error: unknown): void {
    const failed = (failures.get(key) ?? 0) + 1;
    failures.set(key, failed);
    window.giveBack(rows);
    if (state !== "working") return;
    if (failed === 1)
      log.warn({ err: error, key, eventType: rows[0]?.type }, "events not taken by the bus; trying again");
    const timer = setTimeout(
      () => {
        pauses.delete(key);
        window.resume(key);
        dispatch();
      },
      pauseAfterMs(failed, backoff),
    );
    pauses.set(key, timer);
  }

  /** Deletes what has been delivered, all of it at a time: nobody waits for that, so that many share a statement. */
  async function remove(): Promise<void> {
    isRemoving = true;
    if (state === "working") await pause(gatherMs);
    for (let failed = 0; delivered.length > 0 && state !== "ended"; ) {
      const positions = delivered;
      delivered = [];
      try {
        if (!(await deleteDelivered(store, positions, term.epoch))) return lose();
        window.forget(positions);
        failed = 0;
        if (isWanted) wake();
      } catch (error) {
        delivered = [...positions, ...delivered];
        failed += 1;
        if (failed === 1) log.warn({ err: error }, "delivered events cannot be deleted; trying again");
        await pause(pauseAfterMs(failed, backoff));
      }
    }
    isRemoving = false;
  }

  function lose(): void {
    if (state === "ended") return;
    end();
    options.onLost();
  }

  function end(): void {
    state = "ended";
    for (const timer of pauses.values()) clearTimeout(timer);
    pauses.clear();
  }

  wake();
  return {
    wake,
    stop: async (graceMs) => {
      if (state === "working") state = "stopping";
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, graceMs);
      await Promise.race([Promise.all(deliveries).then(() => removal), timeout.promise]);
      clearTimeout(timer);
      end();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Events read at once. */
const readSize = 500;

/** How long delivered events gather before they are deleted together. */
const gatherMs = 20;
