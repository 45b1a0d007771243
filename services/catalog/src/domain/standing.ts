import { CatalogError } from "./errors.ts";

/** The states of a provider. (CA-02) */
export type ProviderState = "DRAFT" | "SUBMITTED" | "PUBLISHED" | "REJECTED" | "SUSPENDED";

/** Where a provider stands on its way to being seen. */
export type Standing = {
  readonly state: ProviderState;
  /** Why it was rejected or suspended; empty otherwise. */
  readonly reason: string;
  /** Whether the platform checked its papers. */
  readonly verified: boolean;
  /** When it was first published. */
  readonly publishTime: Temporal.Instant | undefined;
};

/** What publishing asks of a provider's profile and menu. */
export type Readiness = {
  readonly hasDescription: boolean;
  readonly hasAddress: boolean;
  /** Services that can be booked and that somebody who can be booked serves. */
  readonly servedServiceCount: number;
};

/** Every provider begins as a draft. */
export const draft: Standing = { state: "DRAFT", reason: "", verified: false, publishTime: undefined };

/** Sends a draft, or one that was rejected, to the operators; what is missing is named together. (CA-02) */
export function submit(standing: Standing, ready: Readiness): Standing {
  requireState(standing, "DRAFT", "REJECTED");
  const missing = [
    ...(ready.hasDescription ? [] : ["description"]),
    ...(ready.hasAddress ? [] : ["address"]),
    ...(ready.servedServiceCount > 0 ? [] : ["services"]),
  ];
  if (missing.length > 0) throw new CatalogError("PROVIDER_INCOMPLETE", { missing: missing.join(", ") });
  return { ...standing, state: "SUBMITTED", reason: "" };
}

/** Publishes what was submitted. */
export function approve(standing: Standing, verified: boolean, at: Temporal.Instant): Standing {
  requireState(standing, "SUBMITTED");
  return { state: "PUBLISHED", reason: "", verified, publishTime: standing.publishTime ?? at };
}

/** Sends back what was submitted, with the reason that its members see. */
export function reject(standing: Standing, reason: string): Standing {
  requireState(standing, "SUBMITTED");
  return { ...standing, state: "REJECTED", reason };
}

/** Takes a published provider down. */
export function suspend(standing: Standing, reason: string): Standing {
  requireState(standing, "PUBLISHED");
  return { ...standing, state: "SUSPENDED", reason };
}

/** Puts a suspended provider back. */
export function reinstate(standing: Standing): Standing {
  requireState(standing, "SUSPENDED");
  return { ...standing, state: "PUBLISHED", reason: "" };
}

function requireState({ state }: Standing, ...allowed: readonly ProviderState[]): void {
  if (!allowed.includes(state))
    throw new CatalogError("PROVIDER_STATE_WRONG", { state, required_states: allowed.join(", ") });
}
