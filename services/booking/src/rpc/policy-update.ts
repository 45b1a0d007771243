import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { Policy as PolicyMessage } from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import { FieldsError, invalid } from "@dawr/rpc";
import { faultsOf } from "../domain/check-policy.ts";
import type { PenaltyStep, Policy } from "../domain/policy.ts";
import type { PolicyKey } from "../names.ts";
import type { StatedTerms } from "../store/policies.ts";

/**
 * The terms after an update of some fields; without a mask those that are set, for a number or flag that is left out cannot
 * be told from 0 or false. Undefined: the service follows its provider, whatever else was set. Refuses with VALIDATION_FAILED
 * a provider that is to follow itself.
 */
export function changedTerms(
  { serviceId }: PolicyKey,
  wished: PolicyMessage,
  mask: FieldMask | undefined,
  before: Policy,
): StatedTerms | undefined {
  const fields = new Set(mask?.paths ?? []);
  const pick = <T extends number | boolean | readonly PenaltyStep[]>(field: string, value: T, now: T): T => {
    const isSet = Array.isArray(value) ? value.length > 0 : Boolean(value);
    return fields.has(field) || (fields.size === 0 && isSet) ? value : now;
  };
  if (pick("follows_provider", wished.followsProvider, false)) {
    if (serviceId !== undefined) return undefined;
    // It has nobody to follow.
    throw invalid("policy.followsProvider", { name: "const", limit: "false" });
  }
  const steps = wished.penaltySteps.map(({ withinMinutes, percent }) => ({ withinMinutes, percent }));
  return {
    freeWindowMinutes: pick("free_window_minutes", wished.freeWindowMinutes, before.freeWindowMinutes),
    latePenaltyPercent: pick("late_penalty_percent", wished.latePenaltyPercent, before.latePenaltyPercent),
    penaltySteps: pick<readonly PenaltyStep[]>("penalty_steps", steps, before.penaltySteps),
    noShowPenaltyPercent: pick("no_show_penalty_percent", wished.noShowPenaltyPercent, before.noShowPenaltyPercent),
    depositPercent: pick("deposit_percent", wished.depositPercent, before.depositPercent),
    maxReschedules: pick("max_reschedules", wished.maxReschedules, before.maxReschedules),
    rescheduleWindowMinutes: pick(
      "reschedule_window_minutes",
      wished.rescheduleWindowMinutes,
      before.rescheduleWindowMinutes,
    ),
    needsApproval: pick("needs_approval", wished.needsApproval, before.needsApproval),
    approvalMinutes: pick("approval_minutes", wished.approvalMinutes, before.approvalMinutes),
    acceptsCash: pick("accepts_cash", wished.acceptsCash, before.acceptsCash),
  };
}

/** Refuses terms that contradict themselves with VALIDATION_FAILED, naming each field in a BadRequest. (BK-05) */
export function refuseFaults(terms: StatedTerms): void {
  const faults = faultsOf(terms);
  if (faults.length === 0) return;
  throw new FieldsError(
    "VALIDATION_FAILED",
    faults.map(({ field, ...rule }) => ({ field: `policy.${field}`, rules: [rule] })),
  );
}
