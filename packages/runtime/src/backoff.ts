/** How long to wait after so many failures (1 = the first), in milliseconds: doubling, within bounds, with jitter. */
export function backoffMs(
  failures: number,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
): number {
  const whole = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  // Between half and all of it, so that those who failed together do not come back together.
  return Math.round(whole * (0.5 + Math.random() / 2));
}
