/** How many typing errors a word of that many letters may have: none below four, one below eight, then two. */
export function errorsAllowed(word: string): number {
  const { length } = [...word];
  return length < 4 ? 0 : length < 8 ? 1 : 2;
}

/** Whether a word of a query means a word of the index: begins it, or is it but for small typing errors. */
export function meansWord(asked: string, word: string): boolean {
  if (word.startsWith(asked)) return true;
  const limit = errorsAllowed(asked);
  return limit > 0 && typingErrors([...asked], [...word], limit) <= limit;
}

/**
 * What is left of a word when up to its allowed number of letters is missing, the word itself included. Two words within
 * the allowed errors of each other share one of these, which is how an index finds them.
 */
export function variantsOf(word: string): ReadonlySet<string> {
  let layer = new Set([word]);
  const all = new Set(layer);
  for (let missing = 0; missing < errorsAllowed(word); missing += 1) {
    layer = new Set([...layer].flatMap(shorter));
    for (const variant of layer) all.add(variant);
  }
  return all;
}

function shorter(word: string): readonly string[] {
  const letters = [...word];
  return letters.map((_, index) => letters.toSpliced(index, 1).join(""));
}

/** Letters inserted, left out, replaced, or swapped with their neighbour; more than the limit is not counted on. */
function typingErrors(a: readonly string[], b: readonly string[], limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) best = Math.min(best, (older[j - 2] ?? 0) + 1);
      current.push(best);
    }
    if (Math.min(...current) > limit) return limit + 1;
    older = previous;
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}
