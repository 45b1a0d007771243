import type { Placed } from "./placed.ts";
import { unite } from "./spans.ts";
import type { Minute } from "./zone-line.ts";

/** A stretch of one lane of one unit that a booking, or a group session that it opens, reserves. Lanes count from 1. */
export type Claim = {
  readonly unitId: string;
  readonly kind: "STAFF" | "RESOURCE";
  readonly lane: number;
  readonly from: Minute;
  readonly to: Minute;
  /** The index of the item whose session owns it; nothing where the booking owns it. */
  readonly sessionOfItem: number | undefined;
};

/** One item as far as it occupies time: what it uses, and whether it is a session of its own. */
export type Occupier = {
  readonly from: Minute;
  readonly to: Minute;
  readonly bufferBefore: number;
  readonly bufferAfter: number;
  readonly isSession: boolean;
  readonly uses: readonly {
    readonly unitId: string;
    readonly kind: Claim["kind"];
    readonly lanes: readonly number[];
  }[];
};

/**
 * The stretches that items occupy, buffers included, merged per lane, in the order in which everyone inserts them: by
 * unit, lane and time. (S4, S5)
 */
export function mergeClaims(items: readonly Occupier[]): readonly Claim[] {
  const lanes = new Map<string, { claim: Omit<Claim, "from" | "to">; pairs: number[]; lastItem: number }>();
  items.forEach((item, index) => {
    const sessionOfItem = item.isSession ? index : undefined;
    const from = item.from - item.bufferBefore;
    const to = item.to + item.bufferAfter;
    for (const { unitId, kind, lanes: numbers } of item.uses)
      for (const lane of numbers) {
        const key = `${unitId}/${lane}/${sessionOfItem ?? ""}`;
        const known = lanes.get(key);
        // The same lane goes on: busy once, gap included, to the last item's after-buffer.
        if (known && known.lastItem === index - 1) known.pairs[known.pairs.length - 1] = to;
        else if (known) known.pairs.push(from, to);
        else lanes.set(key, { claim: { unitId, kind, lane, sessionOfItem }, pairs: [from, to], lastItem: index });
        if (known) known.lastItem = index;
      }
  });
  const claims = [...lanes.values()].flatMap(({ claim, pairs }) => {
    const merged = unite(pairs);
    return Array.from({ length: merged.length / 2 }, (_, i) => ({
      ...claim,
      from: merged[2 * i] ?? 0,
      to: merged[2 * i + 1] ?? 0,
    }));
  });
  return claims.sort((a, b) =>
    a.unitId < b.unitId ? -1 : a.unitId > b.unitId ? 1 : a.lane - b.lane || a.from - b.from,
  );
}

/** The stretches that a placed sequence occupies; seats of sessions are not among them. */
export function claimsOf(path: readonly Placed[]): readonly Claim[] {
  return mergeClaims(
    path.map(({ item, from, to, staff, uses, session }) => ({
      from,
      to,
      bufferBefore: item.bufferBefore,
      bufferAfter: item.bufferAfter,
      isSession: item.capacity > 1,
      // Who joins a session occupies nothing but seats.
      uses: session
        ? []
        : [{ unit: staff, lanes: [1] }, ...uses].map(({ unit, lanes }) => ({
            unitId: unit.id,
            kind: unit.kind,
            lanes,
          })),
    })),
  );
}

/** Whether a session and another part of the same booking would reserve the same minutes of a lane. (S9) */
export function claimsCollide(path: readonly Placed[]): boolean {
  const claims = claimsOf(path);
  return claims.some((claim, i) => {
    const next = claims[i + 1];
    return next && next.unitId === claim.unitId && next.lane === claim.lane && next.from < claim.to;
  });
}
