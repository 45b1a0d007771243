/** How the pause between attempts grows. */
export type Backoff = { readonly firstMs: number; readonly maxMs: number };

/** The pause after a failed attempt (the first is 1): twice as long each time, of which half is left to chance. */
export function pauseAfterMs(attempt: number, { firstMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * random();
}
