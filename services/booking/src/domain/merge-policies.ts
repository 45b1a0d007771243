import { latePercent, type PenaltyStep, type Policy } from "./policy.ts";

/** What of an item counts for the terms of its booking. */
export type PolicedItem = { readonly policy: Policy; readonly priceMinor: bigint };

/**
 * The terms of a booking as a whole: of each the strictest of its items'. What cancelling costs is computed item by item and
 * never more than these say. (BK-05)
 */
export function mergePolicies(items: readonly PolicedItem[]): Policy {
  const policies = items.map(({ policy }) => policy);
  const highest = (of: (policy: Policy) => number) => Math.max(...policies.map(of));
  // How long a provider has to agree means something only where it has to.
  const approved = policies.filter(({ needsApproval }) => needsApproval);
  const latePenaltyPercent = highest((policy) => policy.latePenaltyPercent);
  return {
    freeWindowMinutes: highest((policy) => policy.freeWindowMinutes),
    latePenaltyPercent,
    penaltySteps: mergeSteps(policies, latePenaltyPercent),
    noShowPenaltyPercent: highest((policy) => policy.noShowPenaltyPercent),
    depositPercent: effectiveDepositPercent(items),
    maxReschedules: Math.min(...policies.map((policy) => policy.maxReschedules)),
    rescheduleWindowMinutes: highest((policy) => policy.rescheduleWindowMinutes),
    needsApproval: approved.length > 0,
    approvalMinutes: Math.min(...(approved.length > 0 ? approved : policies).map((policy) => policy.approvalMinutes)),
    acceptsCash: policies.every((policy) => policy.acceptsCash),
    refundsFee: policies.every((policy) => policy.refundsFee),
  };
}

/** At each step of any item the highest penalty of all; those that change nothing are left out. */
function mergeSteps(policies: readonly Policy[], latePenaltyPercent: number): readonly PenaltyStep[] {
  const minutes = new Set(policies.flatMap(({ penaltySteps }) => penaltySteps.map((step) => step.withinMinutes)));
  const steps: PenaltyStep[] = [];
  for (const withinMinutes of [...minutes].sort((one, other) => other - one)) {
    const percent = Math.max(...policies.map((policy) => latePercent(policy, (begins) => begins >= withinMinutes)));
    if (percent !== (steps.at(-1)?.percent ?? latePenaltyPercent)) steps.push({ withinMinutes, percent });
  }
  return steps;
}

/** What is paid online of all prices together, in whole per cent rounded half up. (BK-07) */
function effectiveDepositPercent(items: readonly PolicedItem[]): number {
  const [first] = items;
  if (items.every(({ policy }) => policy.depositPercent === first?.policy.depositPercent))
    return first?.policy.depositPercent ?? 0;
  const fullMinor = items.reduce((sum, { priceMinor }) => sum + priceMinor, 0n);
  if (fullMinor === 0n) return 0;
  const weighed = items.reduce(
    (sum, { policy, priceMinor }) => sum + priceMinor * BigInt(policy.depositPercent || 100),
    0n,
  );
  return Number((2n * weighed + fullMinor) / (2n * fullMinor));
}
