/** Dice that fall the same way for the same seed. */
export type Random = {
  chance(probability: number): boolean;
  below(limit: number): number;
  pick<T>(choices: readonly T[]): T;
};

/** Makes dice from a seed (xorshift, 32 bits). */
export function dice(seed: number): Random {
  let state = seed | 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    chance: (probability) => next() < probability,
    below,
    pick: (choices) => {
      const choice = choices[below(choices.length)];
      if (choice === undefined) throw new RangeError("nothing to pick from");
      return choice;
    },
  };
}
