import { StoreError } from "../errors.ts";
import type { Changes } from "./read-changes.ts";

/** What a watcher hears; a heartbeat has no items, and a token as good as any. */
export type WatchMessage<T> =
  | Changes<T>
  | { readonly kind: "heartbeat"; readonly items: readonly T[]; readonly token: string };

/** How changes are watched. */
export type WatchOptions<T> = {
  /** Looks what there is, or what changed since a token: readChanges(), or what somebody else has read for many. */
  readonly look: (token: string) => Promise<Changes<T>>;
  /** Calls back whenever something may have changed: `(wake) => store.listen("booking_change", wake)`. */
  readonly wake: (onWake: () => void) => Promise<() => Promise<void>>;
  /** The token that the watcher has from before; empty for none. */
  readonly resumeToken?: string;
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** Silence after which a heartbeat is sent; 15 s unless told. Then the rows are looked at too, woken or not. */
  readonly heartbeatMs?: number;
  /** A watcher who takes a message later than this after it was ready is let go; 30 s unless told. */
  readonly slowAfterMs?: number;
  /** The least time between two looks: what changes meanwhile comes in one message; 50 ms unless told. */
  readonly intervalMs?: number;
};

/**
 * Tells the present state, then each change, for as long as the watcher takes them: with a token that is still good, only
 * what it missed. One message is kept at a time, so that a slow watcher costs nothing: it gets the newest state when it
 * takes the next message, or STREAM_TOO_SLOW. A failing database ends the stream; the token resumes it.
 */
export async function* watchChanges<T>(options: WatchOptions<T>): AsyncGenerator<WatchMessage<T>, void, undefined> {
  const { signal, heartbeatMs = 15_000, slowAfterMs = 30_000, intervalMs = 50 } = options;
  const bell = openBell(signal);
  // Before the first look: what changes between the two would else be missed.
  const leave = await options.wake(bell.ring);
  let isSlow = false;
  let patience: NodeJS.Timeout | undefined;
  const letGo = (): void => {
    isSlow = true;
    // Whether it has to be told twice that nobody listens any more is of no interest.
    leave().catch(() => {});
  };
  try {
    let token = options.resumeToken ?? "";
    let isFirst = true;
    let heard = 0;
    while (!signal.aborted) {
      const lookedAt = performance.now();
      const changes = await options.look(token);
      token = changes.token;
      const isQuiet = !isFirst && changes.kind === "changes" && changes.items.length === 0;
      if (!isQuiet || performance.now() - heard >= heartbeatMs) {
        isFirst = false;
        patience = setTimeout(letGo, slowAfterMs);
        patience.unref();
        yield isQuiet ? { kind: "heartbeat", items: [], token } : changes;
        clearTimeout(patience);
        if (isSlow) throw new StoreError("STREAM_TOO_SLOW", `a message was not taken within ${slowAfterMs} ms`);
        heard = performance.now();
      }
      await bell.rung(heard + heartbeatMs - performance.now());
      await bell.pause(lookedAt + intervalMs - performance.now());
    }
  } finally {
    clearTimeout(patience);
    await leave();
  }
}

type Bell = {
  readonly ring: () => void;
  /** Waits until the bell has rung since the last time, or the time is over, or the watching ends. */
  readonly rung: (ms: number) => Promise<void>;
  /** Waits for the time, or until the watching ends. */
  readonly pause: (ms: number) => Promise<void>;
};

function openBell(signal: AbortSignal): Bell {
  let hasRung = false;
  let wakeUp: (() => void) | undefined;

  function sleep(ms: number): Promise<void> {
    if (ms <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        wakeUp = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end, { once: true });
      wakeUp = end;
    });
  }

  return {
    ring: () => {
      hasRung = true;
      wakeUp?.();
    },
    rung: async (ms) => {
      if (!hasRung) await sleep(ms);
      hasRung = false;
    },
    pause: async (ms) => {
      const until = performance.now() + ms;
      // Rings meanwhile are kept for later, and do not shorten the pause.
      while (performance.now() < until && !signal.aborted) await sleep(until - performance.now());
    },
  };
}
