import type { Policy } from "./policy.ts";

/** One thing in a policy that contradicts another: the field as JSON names it, and the rule that it breaks. */
type PolicyFault = { readonly field: string; readonly name: "lt" | "gt" | "unique"; readonly limit?: string };

/** What contradicts itself in a policy; empty where nothing does. (BK-05) */
export function faultsOf(
  policy: Pick<Policy, "freeWindowMinutes" | "penaltySteps" | "needsApproval" | "approvalMinutes">,
): readonly PolicyFault[] {
  const faults: PolicyFault[] = [];
  const seen = new Set<number>();
  for (const [index, { withinMinutes }] of policy.penaltySteps.entries()) {
    const field = `penaltySteps[${index}].withinMinutes`;
    if (withinMinutes >= policy.freeWindowMinutes)
      faults.push({ field, name: "lt", limit: String(policy.freeWindowMinutes) });
    if (seen.has(withinMinutes)) faults.push({ field, name: "unique" });
    seen.add(withinMinutes);
  }
  if (policy.needsApproval && policy.approvalMinutes === 0) {
    faults.push({ field: "approvalMinutes", name: "gt", limit: "0" });
  }
  return faults;
}
