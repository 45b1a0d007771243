import type { Actor, Membership } from "../call/actor.ts";

/** Proves who calls. The platform's own is platformAuth. */
export type Auth = {
  /** The person behind an access token; throws TOKEN_INVALID, TOKEN_EXPIRED or SESSION_REVOKED. */
  verifyUser(token: string): Promise<Actor>;
  /** The name of the service behind a workload token; throws TOKEN_INVALID. */
  verifyWorkload(token: string): Promise<string>;
  /** What verifyUser would answer, where that is known already: saves the waiting. */
  knownUser?(token: string): Actor | undefined;
  /** What verifyWorkload would answer, where that is known already. */
  knownWorkload?(token: string): string | undefined;
  /** Where a person works, and what they may do there. */
  memberships(account: string): Promise<readonly Membership[]>;
  /** Refuses a session's tokens until the given time, by which they have expired. */
  revokeSession(id: string, until: Temporal.Instant): void;
};
