/** A source of reproducible choices: the same seed gives the same sequence on every machine. */
export type Random = {
  /** A number in [0, 1). */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
  /** `count` different choices, in their original order. */
  sample<T>(choices: readonly T[], count: number): readonly T[];
  chance(probability: number): boolean;
};

/** Makes a Random from a 32-bit seed, by the mulberry32 generator. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    pick: (choices) => {
      const choice = choices[between(0, choices.length - 1)];
      if (choice === undefined) throw new RangeError("nothing to pick from");
      return choice;
    },
    sample: (choices, count) => {
      const order = choices.map((_, index) => ({ index, key: next() })).sort((a, b) => a.key - b.key);
      const taken = new Set(order.slice(0, count).map(({ index }) => index));
      return choices.filter((_, index) => taken.has(index));
    },
    chance: (probability) => next() < probability,
  };
}

/** Makes UUIDs of version 7 whose time part is fixed, so that a demo market has the same names at every start. */
export function seededIds(random: Random, timeMs: number): () => string {
  let count = 0;
  return () => {
    count += 1;
    const time = (timeMs + Math.floor(count / 4096)).toString(16).padStart(12, "0");
    const sequence = (count % 4096).toString(16).padStart(3, "0");
    const hex = (digits: number): string =>
      Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join("");
    const variant = "89ab"[random.between(0, 3)];
    return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-${variant}${hex(3)}-${hex(12)}`;
  };
}
