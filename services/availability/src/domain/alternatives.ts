import type { Slot } from "./slots.ts";
import type { Minute } from "./zone-line.ts";

/** The slots nearest to a start, by distance and then the earlier, at most `count`, but none of `taken` starts. (BK-04) */
export function nearestSlots(
  slots: readonly Slot[],
  start: Minute,
  taken: readonly Minute[],
  count: number,
): readonly Slot[] {
  return slots
    .filter((slot) => !taken.includes(slot.from))
    .sort((a, b) => Math.abs(a.from - start) - Math.abs(b.from - start) || a.from - b.from)
    .slice(0, count);
}
