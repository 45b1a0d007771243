import type { Policy } from "./policy.ts";

/** One thing in a policy that contradicts another: the field as the contract names it, and what is wrong with it. */
export type PolicyFault = {
  readonly field: string;
  readonly fault: "STEP_IN_FREE_WINDOW" | "STEP_TWICE" | "NO_TIME_TO_APPROVE";
};

/** What contradicts itself in a policy; empty where nothing does. (BK-05) */
export function faultsOf(
  policy: Pick<Policy, "freeWindowMinutes" | "penaltySteps" | "needsApproval" | "approvalMinutes">,
): readonly PolicyFault[] {
  const faults: PolicyFault[] = [];
  const seen = new Set<number>();
  for (const [index, { withinMinutes }] of policy.penaltySteps.entries()) {
    const field = `penalty_steps[${index}].within_minutes`;
    if (withinMinutes >= policy.freeWindowMinutes) faults.push({ field, fault: "STEP_IN_FREE_WINDOW" });
    if (seen.has(withinMinutes)) faults.push({ field, fault: "STEP_TWICE" });
    seen.add(withinMinutes);
  }
  if (policy.needsApproval && policy.approvalMinutes === 0) {
    faults.push({ field: "approval_minutes", fault: "NO_TIME_TO_APPROVE" });
  }
  return faults;
}
