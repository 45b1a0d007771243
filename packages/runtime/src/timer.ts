import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { backoffMs } from "./backoff.ts";
import { createLatch } from "./latch.ts";

/** A near deadline that the service looks after itself: expiry of holds, end of a quote. */
export type Timer = {
  readonly name: string;
  /** A notification on this channel asks again for the next deadline. */
  readonly channel: string;
  /** False for a notification that cannot have made the deadline that is known an earlier one; without it, all may have. */
  readonly isEarlier?: (payload: string, deadline: Temporal.Instant) => boolean;
  /** The next deadline, by the platform's clock; undefined when there is none. */
  next(): Promise<Temporal.Instant | undefined>;
  /** Does what is due. Called when the deadline has come, again and again until next() answers a later one. */
  fire(): Promise<void>;
};

/** Describes a timer for the next of many deadlines; give it in Parts.timers and the runtime keeps it armed. */
export function nextDeadline(timer: Timer): Timer {
  return timer;
}

/** What runs in the background of a service, until it is stopped; stop() waits for what is being done. */
export type Background = { stop(): Promise<void> };

export type TimerDeps = {
  readonly store: Pick<Store, "listen">;
  readonly now: () => Temporal.Instant;
  readonly log: Logger;
};

/** The clock may be stepped while we sleep, so that we look at it this often; the database is not asked for it. */
const lookAgainMs = 250;

/** A notification may be lost with its sender or its connection: after this long the deadline is asked for without one. */
const askAgainMs = 5_000;

const backoff = { minMs: 50, maxMs: 10_000 };

/** Keeps a timer armed: fires at once what is due, survives errors with back-off, follows steps of the clock. */
export async function startTimer(timer: Timer, { store, now, log }: TimerDeps): Promise<Background> {
  const latch = createLatch();
  /** The deadline that is slept to. */
  let known: Temporal.Instant | undefined;
  const unlisten = await store.listen(timer.channel, (payload) => {
    const isNews = payload === "" || known === undefined || timer.isEarlier?.(payload, known) !== false;
    if (isNews) latch.ring();
  });
  let stopped = false;
  let failures = 0;
  let lastFired: Temporal.Instant | undefined;

  async function turn(): Promise<void> {
    const deadline = await timer.next();
    if (deadline === undefined || Temporal.Instant.compare(deadline, now()) > 0) {
      failures = 0;
      return sleepUntil(deadline);
    }
    await timer.fire();
    // Something due that stays due (another replica has it locked) must not be asked for without a pause.
    if (lastFired !== undefined && Temporal.Instant.compare(lastFired, deadline) === 0)
      await latch.wait(backoffMs(++failures, backoff));
    else failures = 0;
    lastFired = deadline;
  }

  async function sleepUntil(deadline: Temporal.Instant | undefined): Promise<void> {
    if (deadline === undefined) {
      await latch.wait(askAgainMs);
      return;
    }
    known = deadline;
    const askAt = performance.now() + askAgainMs;
    let rung = false;
    for (let leftMs = 1; !rung && leftMs > 0 && performance.now() < askAt; ) {
      leftMs = deadline.since(now()).total("milliseconds");
      rung = await latch.wait(Math.min(leftMs, lookAgainMs));
    }
    known = undefined;
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      try {
        await turn();
      } catch (error) {
        failures += 1;
        log.error({ err: error, timer: timer.name, failures }, "a timer failed; it is tried again");
        await latch.wait(backoffMs(failures, backoff));
      }
    }
  }

  const looping = loop();
  return {
    async stop() {
      stopped = true;
      latch.ring();
      await looping;
      await unlisten();
    },
  };
}
