import { create } from "@bufbuild/protobuf";
import type { Client, HandlerContext } from "@connectrpc/connect";
import {
  type GetPolicyRequest,
  type Policy as PolicyMessage,
  PolicySchema,
  PolicyService,
  type UpdatePolicyRequest,
} from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import type { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { invalid, PlatformError, requireActor } from "@dawr/rpc";
import { once, type Store, type Tx } from "@dawr/store";
import type { Policy } from "../domain/policy.ts";
import { type PolicyKey, parsePolicyName, policyName } from "../names.ts";
import { findPolicies, lockPolicies, type StoredPolicies, type StoredPolicy, savePolicy } from "../store/policies.ts";
import { timestamp } from "./booking-to-proto.ts";
import { policyToProto } from "./policy-to-proto.ts";
import { changedTerms, refuseFaults } from "./policy-update.ts";

/** What policies need; the defaults hold where a provider has said nothing. */
export type PolicyDeps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  readonly menu: Client<typeof ServiceMenuService>;
  readonly defaults: Policy;
};

/** The policy in force for each of some services: its own, else the provider's, else the platform's. (BK-05) */
export const policiesOf =
  ({ store, defaults }: Pick<PolicyDeps, "store" | "defaults">) =>
  async (providerId: string, serviceIds: readonly string[]): Promise<(serviceId: string) => Policy> => {
    const said = await store.read((tx) => findPolicies(tx, providerId, serviceIds));
    return (serviceId) => inForce({ own: said.own, ofService: said.ofService(serviceId) }, defaults);
  };

/** Gets the policy in force at a provider or for a service. */
export const getPolicy =
  ({ store, defaults }: PolicyDeps) =>
  async (request: GetPolicyRequest): Promise<PolicyMessage> => {
    const key = parsePolicyName(request.name);
    const said = await store.read((tx) => read(tx, key));
    return toMessage(key, said, defaults);
  };

/**
 * Changes the policy of a provider or of a service; bookings and quotes keep the one that they were made with. A service that
 * gets terms of its own starts from those that were in force for it. Errors: NOT_FOUND, ETAG_MISMATCH, VALIDATION_FAILED.
 */
export const updatePolicy =
  ({ store, now, menu, defaults }: PolicyDeps) =>
  async (request: UpdatePolicyRequest, context: HandlerContext): Promise<PolicyMessage> => {
    const wished = request.policy;
    if (wished === undefined) throw invalid("policy");
    const key = parsePolicyName(wished.name);
    const actor = requireActor(context).account;
    await requireService(menu, key);
    return await once(store, { actor, method: PolicyService.method.updatePolicy, request }, async (tx) => {
      await lockPolicies(tx, key.providerId);
      const before = await read(tx, key);
      if (wished.etag !== "" && wished.etag !== etagOf(key, before))
        throw new PlatformError("ETAG_MISMATCH", { name: wished.name });
      const terms = changedTerms(key, wished, request.updateMask, inForce(before, defaults));
      if (terms !== undefined) refuseFaults(terms);
      const said = key.serviceId === undefined ? before.own : before.ofService;
      const changed = { terms, version: (said?.version ?? 0n) + 1n, updateTime: now() };
      await savePolicy(tx, key, changed);
      const after = key.serviceId === undefined ? { ...before, own: changed } : { ...before, ofService: changed };
      return toMessage(key, after, defaults);
    });
  };

/** What was said of one policy: for the provider itself, and for the service where it is one's. */
type Said = { readonly own: StoredPolicy | undefined; readonly ofService: StoredPolicy | undefined };

async function read(tx: Tx, { providerId, serviceId }: PolicyKey): Promise<Said> {
  const said: StoredPolicies = await findPolicies(tx, providerId, serviceId === undefined ? [] : [serviceId]);
  return { own: said.own, ofService: serviceId === undefined ? undefined : said.ofService(serviceId) };
}

function inForce({ own, ofService }: Said, defaults: Policy): Policy {
  const terms = ofService?.terms ?? own?.terms;
  return terms === undefined ? defaults : { ...terms, refundsFee: defaults.refundsFee };
}

function toMessage(key: PolicyKey, said: Said, defaults: Policy): PolicyMessage {
  const updateTime = latest(said);
  return create(PolicySchema, {
    ...policyToProto(inForce(said, defaults), key),
    followsProvider: follows(key, said),
    ...(updateTime === undefined ? {} : { updateTime: timestamp(updateTime) }),
    etag: etagOf(key, said),
  });
}

function follows({ serviceId }: PolicyKey, { ofService }: Said): boolean {
  return serviceId !== undefined && ofService?.terms === undefined;
}

/** Of a service that follows its provider also the provider's version: who changes it must have seen what is copied. */
function etagOf(key: PolicyKey, said: Said): string {
  const own = (said.own?.version ?? 0n).toString();
  if (key.serviceId === undefined) return own;
  const ofService = (said.ofService?.version ?? 0n).toString();
  return follows(key, said) ? `${ofService}.${own}` : ofService;
}

/** When what is in force last changed; undefined where nothing was ever said. */
function latest({ own, ofService }: Said): Temporal.Instant | undefined {
  if (ofService === undefined || own === undefined || ofService.terms !== undefined) {
    return (ofService ?? own)?.updateTime;
  }
  return Temporal.Instant.compare(own.updateTime, ofService.updateTime) > 0 ? own.updateTime : ofService.updateTime;
}

/** Refuses with NOT_FOUND a policy of a service that the provider does not have. */
async function requireService(menu: PolicyDeps["menu"], key: PolicyKey): Promise<void> {
  if (key.serviceId === undefined) return;
  const name = `providers/${key.providerId}/services/${key.serviceId}`;
  const { services } = await menu.batchGetServices({ names: [name] });
  if (services.length === 0) throw new PlatformError("NOT_FOUND", { name: policyName(key) });
}
