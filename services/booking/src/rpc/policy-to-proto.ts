import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PolicySchema } from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import type { Policy } from "../domain/policy.ts";
import { type PolicyKey, policyName } from "../names.ts";

/** A policy as the contract has it, under the name of whose it is. */
export function policyToProto(policy: Policy, key: PolicyKey): MessageInitShape<typeof PolicySchema> {
  return {
    name: policyName(key),
    freeWindowMinutes: policy.freeWindowMinutes,
    latePenaltyPercent: policy.latePenaltyPercent,
    penaltySteps: policy.penaltySteps.map(({ withinMinutes, percent }) => ({ withinMinutes, percent })),
    noShowPenaltyPercent: policy.noShowPenaltyPercent,
    depositPercent: policy.depositPercent,
    maxReschedules: policy.maxReschedules,
    rescheduleWindowMinutes: policy.rescheduleWindowMinutes,
    needsApproval: policy.needsApproval,
    approvalMinutes: policy.approvalMinutes,
    acceptsCash: policy.acceptsCash,
  };
}
