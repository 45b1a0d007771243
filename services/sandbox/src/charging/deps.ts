import type { Store } from "@dawr/store";
import type { LiveFaults } from "../live-faults.ts";

/** What charging needs of the world. */
export type Deps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  /** UUIDv7. */
  readonly newId: () => string;
  readonly faults: LiveFaults;
  /** Where browsers reach the pages, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly refundDelay: Temporal.Duration;
};
