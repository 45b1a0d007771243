import type { KeyRing, Store } from "@dawr/store";
import type { RankingRules } from "../domain/ranking.ts";
import type { Engine } from "../engines/engine.ts";

/** What search's calls need. */
export type Deps = {
  readonly store: Store;
  readonly engine: Engine;
  readonly keys: KeyRing;
  readonly rules: RankingRules;
  readonly defaultRadiusMetres: number;
  /** How many providers, nearest first, are ranked at most. */
  readonly candidateLimit: number;
};
