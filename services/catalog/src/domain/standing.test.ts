import { describe, expect, test } from "@jest/globals";
import { CatalogError } from "./errors.ts";
import {
  approve,
  draft,
  type ProviderState,
  type Readiness,
  reinstate,
  reject,
  type Standing,
  submit,
  suspend,
} from "./standing.ts";

const at = Temporal.Instant.from("2026-03-01T09:00:00Z");
const ready: Readiness = { hasDescription: true, hasAddress: true, servedServiceCount: 1 };
const states: readonly ProviderState[] = ["DRAFT", "SUBMITTED", "PUBLISHED", "REJECTED", "SUSPENDED"];
const standing = (state: ProviderState): Standing => ({ ...draft, state, reason: "before" });

const refusalOf = (act: () => unknown): CatalogError => {
  try {
    act();
  } catch (error) {
    if (error instanceof CatalogError) return error;
    throw error;
  }
  throw new Error("it was not refused");
};

describe("a provider's states (CA-02)", () => {
  test.each<[string, readonly ProviderState[], ProviderState, (from: Standing) => Standing]>([
    ["submit", ["DRAFT", "REJECTED"], "SUBMITTED", (from) => submit(from, ready)],
    ["approve", ["SUBMITTED"], "PUBLISHED", (from) => approve(from, true, at)],
    ["reject", ["SUBMITTED"], "REJECTED", (from) => reject(from, "why")],
    ["suspend", ["PUBLISHED"], "SUSPENDED", (from) => suspend(from, "why")],
    ["reinstate", ["SUSPENDED"], "PUBLISHED", reinstate],
  ])("given any state, when it is asked to %s, then only %j lead to %s", (_, allowed, to, act) => {
    for (const state of states) {
      if (allowed.includes(state)) expect(act(standing(state)).state).toBe(to);
      else
        expect(refusalOf(() => act(standing(state)))).toMatchObject({
          reason: "PROVIDER_STATE_WRONG",
          metadata: { state, required_states: allowed.join(", ") },
        });
    }
  });

  test("given an approval, then it is published now, and keeps that time when it is suspended and back", () => {
    const published = approve(standing("SUBMITTED"), true, at);
    expect(published).toEqual({ state: "PUBLISHED", reason: "", verified: true, publishTime: at });
    const suspended = suspend(published, "complaints");
    expect(suspended).toEqual({ ...published, state: "SUSPENDED", reason: "complaints" });
    expect(reinstate(suspended)).toEqual(published);
  });

  test("given what is missing, when it is submitted, then all of it is named together", () => {
    const bare: Readiness = { hasDescription: false, hasAddress: false, servedServiceCount: 0 };
    expect(refusalOf(() => submit(draft, bare)).metadata).toEqual({ missing: "description, address, services" });
    expect(submit(draft, ready)).toEqual({ ...draft, state: "SUBMITTED" });
  });
});
