import type { Contender } from "./contenders.ts";

/** Calls per second with so many calls at once, over the given time. */
export async function throughput({ call }: Contender, concurrency: number, durationMs: number): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  let count = 0;
  const run = async () => {
    while (performance.now() < endMs) {
      await call();
      count++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, run));
  return (count / (performance.now() - startMs)) * 1000;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
