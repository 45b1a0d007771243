import type { Event } from "../event.ts";

/** Events that are worked on as soon as there is room, together with others that have piled up. */
export type Batches = {
  /** Ends when the event's work has succeeded; fails with the event's own error. */
  readonly add: (event: Event) => Promise<void>;
};

type Waiting = { readonly event: Event; readonly resolve: () => void; readonly reject: (error: unknown) => void };

/**
 * Runs work on batches of at most `size` events of different keys, `concurrency` at once. An event never waits for others
 * to come: batches grow only by what arrives while all are busy. When a batch fails, its events are worked on one by one,
 * so that only the one at fault fails.
 */
export function openBatches(
  { size, concurrency }: { readonly size: number; readonly concurrency: number },
  work: (events: readonly Event[]) => Promise<void>,
): Batches {
  let waiting: Waiting[] = [];
  let busy = 0;

  function start(): void {
    while (busy < concurrency && waiting.length > 0) {
      busy += 1;
      void run(take()).finally(() => {
        busy -= 1;
        start();
      });
    }
  }

  function take(): readonly Waiting[] {
    const taken = new Map<string, Waiting>();
    const left: Waiting[] = [];
    for (const each of waiting) {
      if (taken.size < size && !taken.has(each.event.key)) taken.set(each.event.key, each);
      else left.push(each);
    }
    waiting = left;
    return [...taken.values()];
  }

  async function run(batch: readonly Waiting[]): Promise<void> {
    if (batch.length > 1) {
      try {
        await work(batch.map(({ event }) => event));
        for (const { resolve } of batch) resolve();
        return;
      } catch {
        // Not said to anybody yet: the event at fault fails again below, by itself.
      }
    }
    for (const { event, resolve, reject } of batch) await work([event]).then(resolve, reject);
  }

  return {
    add: (event) =>
      new Promise((resolve, reject) => {
        waiting.push({ event, resolve, reject });
        start();
      }),
  };
}
