/** What the clients of a torture run saw with their own eyes, to be held against the database afterwards. */
export type Seen = {
  /** Request ids of holds that were sent, by account. */
  readonly holds: Map<string, Set<string>>;
  /** Bookings that a client saw confirmed. */
  readonly confirmed: Set<string>;
  /** Bookings that a client saw cancelled, or whose cancelling it had asked for when the platform died. */
  readonly cancelled: Set<string>;
  /** Payment pages on which a client paid with a card that succeeds. */
  readonly paid: Set<string>;
  /** Moves that a client saw made. */
  moves: number;
  journeys: number;
  conflicts: number;
  declined: number;
  abandoned: number;
  /** Calls that had to be repeated because the platform was away. */
  repeats: number;
};

/** An empty record. */
export function newRecord(): Seen {
  return {
    holds: new Map(),
    confirmed: new Set(),
    cancelled: new Set(),
    paid: new Set(),
    moves: 0,
    journeys: 0,
    conflicts: 0,
    declined: 0,
    abandoned: 0,
    repeats: 0,
  };
}
