import type { Logger } from "@dawr/telemetry";

/** What a platform goes through, in this order, and back. */
const states = [
  "configured",
  "migrated",
  "started",
  "subscribed",
  "working",
  "listening",
  "ready",
  "unready",
  "drained",
  "idle",
  "flushed",
  "stopped",
  "closed",
] as const;
export type State = (typeof states)[number];

/** When something is stopped: all of one stage together, one stage after the other, in this order. */
const stages = ["unready", "drained", "idle", "flushed", "stopped", "closed"] as const satisfies readonly State[];
type Stage = (typeof stages)[number];

type Stop = (graceMs: number) => Promise<void> | void;

/** What has been started, to be stopped in order. */
export type Stages = {
  /** To be stopped in that stage, whoever asks for it. */
  add(stage: Stage, what: string, stop: Stop): void;
  /** Stops everything that was added, once; throws StopError when something failed or took too long. */
  stop(): Promise<void>;
};

/** Says what did not stop as it should. Everything else did. */
export class StopError extends Error {
  override readonly name = "StopError";
}

export type StagesOptions = {
  readonly limitMs: number;
  readonly log: Logger;
  readonly onStage: (stage: Stage) => void;
};

/** What is left to a stage when those before it have used up the limit: closing a database must still be tried. */
const leastMs = 250;

/** The part of the limit that calls which do not end may use up. */
const drainShare = 0.6;

/** Makes an empty list of what runs. */
export function createStages({ limitMs, log, onStage }: StagesOptions): Stages {
  const entries: { readonly stage: Stage; readonly what: string; readonly stop: Stop }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    const end = performance.now() + limitMs;
    const problems: string[] = [];
    for (const stage of stages) {
      const inStage = entries.filter((entry) => entry.stage === stage);
      const leftMs = Math.max(leastMs, end - performance.now());
      const graceMs = stage === "drained" ? Math.min(leftMs, limitMs * drainShare) : leftMs;
      const results = await Promise.allSettled(inStage.map(({ what, stop }) => within(what, stop, graceMs)));
      results.forEach((result, index) => {
        if (result.status !== "rejected") return;
        const what = inStage[index]?.what ?? stage;
        log.error({ err: result.reason, what }, "something did not stop cleanly");
        problems.push(what);
      });
      onStage(stage);
    }
    if (problems.length > 0) throw new StopError(`did not stop cleanly: ${problems.join(", ")}`);
  }

  return {
    add: (stage, what, stop) => {
      entries.push({ stage, what, stop });
    },
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

async function within(what: string, stop: Stop, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // What drains by itself is given the whole time and ends by force; only what does not even do that is left behind.
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${Math.round(graceMs)} ms`)), graceMs + 100);
  });
  try {
    await Promise.race([Promise.resolve(stop(graceMs)), late]);
  } finally {
    clearTimeout(timer);
  }
}
