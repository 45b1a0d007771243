import type { Auth } from "@dawr/rpc";
import type { KeyRing, Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { BookingRules } from "../domain/calendar.ts";

/** What handlers are given. */
export type Deps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  readonly newId: () => string;
  readonly auth: Auth;
  readonly log: Logger;
  /** Signs page and resume tokens. */
  readonly keys: KeyRing;
  /** The rules of a provider that has set none. */
  readonly defaults: BookingRules;
  readonly settings: Settings;
};

export type Settings = {
  /** How long a stream is silent before a heartbeat, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long a resume token is good; changes are kept longer. */
  readonly resumeFor: Temporal.Duration;
  /** How far on both sides of a lost start alternatives are looked for, in days. */
  readonly alternativeDays: number;
  /** The page size when the request leaves it open. */
  readonly pageSize: number;
};
