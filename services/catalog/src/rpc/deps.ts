import type { Auth } from "@dawr/rpc";
import type { KeyRing, Store } from "@dawr/store";
import type { Verticals } from "../verticals/load-verticals.ts";

/** What the catalogue's calls need. */
export type Deps = {
  readonly store: Store;
  readonly auth: Auth;
  readonly keys: KeyRing;
  readonly now: () => Temporal.Instant;
  readonly newId: () => string;
  readonly verticals: Verticals;
  /** The currencies that providers may have their prices in. */
  readonly currencies: readonly string[];
};
