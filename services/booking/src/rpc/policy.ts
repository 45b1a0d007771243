import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type GetPolicyRequest,
  type Policy as PolicyMessage,
  PolicySchema,
  PolicyService,
  type UpdatePolicyRequest,
} from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import { PlatformError, requireActor } from "@dawr/rpc";
import { once, type Store } from "@dawr/store";
import type { Policy } from "../domain/policy.ts";
import { findPolicy, type StoredPolicy, savePolicy } from "../store/policies.ts";
import { policyToProto, timestamp } from "./booking-to-proto.ts";

/** What policies need; the default holds where a provider has said nothing. */
export type PolicyDeps = { readonly store: Store; readonly now: () => Temporal.Instant; readonly defaults: Policy };

/** The policy in force at a provider: its own, or the default. (BK-05) */
export const policyOf =
  ({ store, defaults }: PolicyDeps) =>
  async (providerId: string): Promise<Policy> => {
    const own = await store.read((tx) => findPolicy(tx, providerId));
    return own === undefined ? defaults : terms(own, defaults);
  };

/** Gets the policy of a provider. */
export const getPolicy =
  ({ store, defaults }: PolicyDeps) =>
  async (request: GetPolicyRequest): Promise<PolicyMessage> => {
    const providerId = providerOf(request.name);
    const own = await store.read((tx) => findPolicy(tx, providerId));
    return toMessage(own, defaults, providerId);
  };

/** Changes the policy of a provider; bookings keep the one that they were made with. */
export const updatePolicy =
  ({ store, now, defaults }: PolicyDeps) =>
  async (request: UpdatePolicyRequest, context: HandlerContext): Promise<PolicyMessage> => {
    const wished = request.policy;
    if (wished === undefined) throw new PlatformError("VALIDATION_FAILED", { fields: "policy" });
    const providerId = providerOf(wished.name);
    const actor = requireActor(context).account;
    return await once(store, { actor, method: PolicyService.method.updatePolicy, request }, async (tx) => {
      const own = await findPolicy(tx, providerId, "lock");
      if (wished.etag !== "" && wished.etag !== etagOf(own)) throw new PlatformError("ETAG_MISMATCH");
      const paths = request.updateMask?.paths ?? [];
      // Without a mask, what is set: a number or flag that is left out cannot be told from 0 or false.
      const isAsked = (path: keyof typeof fields) =>
        paths.length === 0 ? Boolean(wished[fields[path]]) : paths.includes(path);
      const before = own ?? defaults;
      const changed: StoredPolicy = {
        freeWindowMinutes: isAsked("free_window_minutes") ? wished.freeWindowMinutes : before.freeWindowMinutes,
        latePenaltyPercent: isAsked("late_penalty_percent") ? wished.latePenaltyPercent : before.latePenaltyPercent,
        noShowPenaltyPercent: isAsked("no_show_penalty_percent")
          ? wished.noShowPenaltyPercent
          : before.noShowPenaltyPercent,
        acceptsCash: isAsked("accepts_cash") ? wished.acceptsCash : before.acceptsCash,
        version: (own?.version ?? 0n) + 1n,
        updateTime: now(),
      };
      await savePolicy(tx, providerId, changed);
      return toMessage(changed, defaults, providerId);
    });
  };

const fields = {
  free_window_minutes: "freeWindowMinutes",
  late_penalty_percent: "latePenaltyPercent",
  no_show_penalty_percent: "noShowPenaltyPercent",
  accepts_cash: "acceptsCash",
} as const;

function terms(own: StoredPolicy, { refundsFee }: Policy): Policy {
  const { freeWindowMinutes, latePenaltyPercent, noShowPenaltyPercent, acceptsCash } = own;
  return { freeWindowMinutes, latePenaltyPercent, noShowPenaltyPercent, acceptsCash, refundsFee };
}

function toMessage(own: StoredPolicy | undefined, defaults: Policy, providerId: string): PolicyMessage {
  return create(PolicySchema, {
    ...policyToProto(own === undefined ? defaults : terms(own, defaults), providerId),
    ...(own === undefined ? {} : { updateTime: timestamp(own.updateTime) }),
    etag: etagOf(own),
  });
}

const etagOf = (own: StoredPolicy | undefined): string => String(own?.version ?? 0n);

/** The id in "providers/{p}/policy". */
function providerOf(name: string): string {
  const id = name.split("/")[1];
  if (id === undefined) throw new TypeError("not a policy's name");
  return id;
}
