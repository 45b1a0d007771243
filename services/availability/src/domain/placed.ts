import type { Item, Session } from "./question.ts";
import type { Unit } from "./unit.ts";
import type { Minute } from "./zone-line.ts";

/** The lanes of one unit that an item uses, numbered from 1. */
export type Use = { readonly unit: Unit; readonly lanes: readonly number[] };

/** One item put on the time line, buffers not included. */
export type Placed = {
  readonly item: Item;
  readonly from: Minute;
  readonly to: Minute;
  readonly staff: Unit;
  readonly uses: readonly Use[];
  /** The session that is joined. */
  readonly session: Session | undefined;
  /** Seats of the session that this item would open; 0 where it opens none. */
  readonly opensSeats: number;
};
