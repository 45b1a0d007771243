/** Ascending, disjoint, half-open stretches of minutes, flat: [from, to, from, to, …]. */
export type Spans = readonly number[];

/** The union of stretches given as flat pairs in any order; stretches that touch become one. */
export function unite(pairs: readonly number[]): Spans {
  let sorted = true;
  for (let i = 2; i < pairs.length && sorted; i += 2) sorted = at(pairs, i - 2) <= at(pairs, i);
  const ordered = sorted ? pairs : sortPairs(pairs);
  const out: number[] = [];
  for (let i = 0; i < ordered.length; i += 2) {
    const from = at(ordered, i);
    const to = at(ordered, i + 1);
    if (to <= from) continue;
    const last = out.length - 1;
    if (last > 0 && from <= at(out, last)) out[last] = Math.max(at(out, last), to);
    else out.push(from, to);
  }
  return out;
}

/** What lies in both. */
export function intersect(a: Spans, b: Spans): Spans {
  if (a === b) return a;
  const out: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const from = Math.max(at(a, i), at(b, j));
    const to = Math.min(at(a, i + 1), at(b, j + 1));
    if (from < to) out.push(from, to);
    if (at(a, i + 1) < at(b, j + 1)) i += 2;
    else j += 2;
  }
  return out;
}

/** What lies in `a` and not in `b`. */
export function subtract(a: Spans, b: Spans): Spans {
  if (b.length === 0) return a;
  const out: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = at(a, i);
    const to = at(a, i + 1);
    while (j < b.length && at(b, j + 1) <= from) j += 2;
    for (let k = j; k < b.length && at(b, k) < to; k += 2) {
      if (from < at(b, k)) out.push(from, at(b, k));
      from = Math.max(from, at(b, k + 1));
    }
    if (from < to) out.push(from, to);
  }
  return out;
}

/** Whether `[from, to)` lies wholly inside one stretch. */
export function covers(spans: Spans, from: number, to: number): boolean {
  const i = lastStartingBy(spans, from);
  return i >= 0 && to <= at(spans, i + 1);
}

/** Whether any minute of `[from, to)` lies in a stretch. */
export function meets(spans: Spans, from: number, to: number): boolean {
  if (to <= from) return false;
  const i = lastStartingBy(spans, to - 1);
  return i >= 0 && at(spans, i + 1) > from;
}

/** The minutes that the stretches hold. */
export function lengthOf(spans: Spans): number {
  let sum = 0;
  for (let i = 0; i < spans.length; i += 2) sum += at(spans, i + 1) - at(spans, i);
  return sum;
}

/** The index of the last stretch that starts at or before the minute, or -2. */
function lastStartingBy(spans: Spans, minute: number): number {
  let low = 0;
  let high = spans.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(spans, middle * 2) <= minute) low = middle + 1;
    else high = middle;
  }
  return (low - 1) * 2;
}

function sortPairs(pairs: readonly number[]): readonly number[] {
  const order: [number, number][] = [];
  for (let i = 0; i < pairs.length; i += 2) order.push([at(pairs, i), at(pairs, i + 1)]);
  order.sort((a, b) => a[0] - b[0]);
  return order.flat();
}

/** An element that the caller knows to exist: indexes here never leave the array. */
function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}
