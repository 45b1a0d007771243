import type { HandlerContext } from "@connectrpc/connect";
import {
  type ApproveProviderRequest,
  type Provider,
  ProviderSchema,
  ProviderService,
  type ReinstateProviderRequest,
  type RejectProviderRequest,
  type SubmitProviderRequest,
  type SuspendProviderRequest,
  type UpdateProviderRequest,
} from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { applyMask, checkEtag, invalid, PlatformError, requireActor } from "@dawr/rpc";
import { once, type Tx } from "@dawr/store";
import { checkCurrency, checkCurrencyChange, checkTimeZone } from "../domain/rules.ts";
import { approve, reinstate, reject, type Standing, submit, suspend } from "../domain/standing.ts";
import { tellProvider } from "../events/catalog-events.ts";
import { idOf } from "../names.ts";
import { serviceKind, staffKind } from "../store/part-kinds.ts";
import { activeParts } from "../store/parts.ts";
import { findProvider, type StoredProvider, saveProvider } from "../store/providers.ts";
import type { Deps } from "./deps.ts";
import { providerToProto } from "./provider-to-proto.ts";

const writable = [
  "display_name",
  "description",
  "address",
  "point",
  "time_zone",
  "currency_code",
  "languages",
  "gender_served",
  "amenities",
];

const { method } = ProviderService;

/** Changes a provider's profile. (CA-01) */
export const updateProvider =
  (deps: Deps) =>
  async (request: UpdateProviderRequest, context: HandlerContext): Promise<Provider> => {
    const wanted = request.provider;
    if (wanted === undefined) throw invalid("provider");
    const call = { actor: requireActor(context).account, method: method.updateProvider, request };
    return await once(deps.store, call, (tx) =>
      change(tx, deps, wanted.name, "changed", async (provider) => {
        checkEtag(wanted, provider.version);
        const current = { ...provider.profile, currencyCode: provider.currencyCode };
        const profile = applyMask(ProviderSchema, current, wanted, request.updateMask, writable);
        checkComplete(profile);
        checkTimeZone(profile.timeZone);
        checkCurrency(profile.currencyCode, deps.currencies);
        checkCurrencyChange(provider.currencyCode, profile.currencyCode, provider.standing.publishTime !== undefined);
        if (profile.currencyCode !== provider.currencyCode) await checkNoPrices(tx, provider);
        return { ...provider, profile, currencyCode: profile.currencyCode };
      }),
    );
  };

/** Sends a draft, or one that was rejected, to the operators. (CA-02) */
export const submitProvider =
  (deps: Deps) =>
  async (request: SubmitProviderRequest, context: HandlerContext): Promise<Provider> => {
    const call = { actor: requireActor(context).account, method: method.submitProvider, request };
    return await once(deps.store, call, (tx) =>
      change(tx, deps, request.name, "changed", async (provider) =>
        move(provider, submit(provider.standing, await readinessOf(tx, provider))),
      ),
    );
  };

/** Publishes what was submitted. */
export const approveProvider =
  (deps: Deps) =>
  async (request: ApproveProviderRequest, context: HandlerContext): Promise<Provider> => {
    const call = { actor: requireActor(context).account, method: method.approveProvider, request };
    return await once(deps.store, call, (tx) =>
      change(tx, deps, request.name, "published", (provider) =>
        move(provider, approve(provider.standing, request.verified, deps.now())),
      ),
    );
  };

/** Sends back what was submitted. */
export const rejectProvider =
  (deps: Deps) =>
  async (request: RejectProviderRequest, context: HandlerContext): Promise<Provider> => {
    const call = { actor: requireActor(context).account, method: method.rejectProvider, request };
    return await once(deps.store, call, (tx) =>
      change(tx, deps, request.name, "changed", (provider) =>
        move(provider, reject(provider.standing, request.reason)),
      ),
    );
  };

/** Takes a published provider down. */
export const suspendProvider =
  (deps: Deps) =>
  async (request: SuspendProviderRequest, context: HandlerContext): Promise<Provider> => {
    const call = { actor: requireActor(context).account, method: method.suspendProvider, request };
    return await once(deps.store, call, (tx) =>
      change(tx, deps, request.name, "suspended", (provider) =>
        move(provider, suspend(provider.standing, request.reason)),
      ),
    );
  };

/** Puts a suspended provider back. */
export const reinstateProvider =
  (deps: Deps) =>
  async (request: ReinstateProviderRequest, context: HandlerContext): Promise<Provider> => {
    const call = { actor: requireActor(context).account, method: method.reinstateProvider, request };
    return await once(deps.store, call, (tx) =>
      change(tx, deps, request.name, "published", (provider) => move(provider, reinstate(provider.standing))),
    );
  };

/** Locks a provider, decides on its new values, saves it and tells others, in the caller's transaction. */
async function change(
  tx: Tx,
  { now }: Pick<Deps, "now">,
  name: string,
  what: Parameters<typeof tellProvider>[2],
  decide: (provider: StoredProvider) => StoredProvider | Promise<StoredProvider>,
): Promise<Provider> {
  const before = await findProvider(tx, idOf(name), "lock");
  if (before === undefined) throw new PlatformError("NOT_FOUND", { name });
  const decided = await decide(before);
  const provider = { ...decided, version: before.version + 1n, updateTime: now() };
  await saveProvider(tx, provider);
  await tellProvider(tx, provider, what);
  return providerToProto(provider, true);
}

const move = (provider: StoredProvider, standing: Standing): StoredProvider => ({ ...provider, standing });

/** What a provider was created with, it keeps. */
function checkComplete(profile: Provider): void {
  const missing = [
    ...(profile.displayName === undefined ? ["provider.displayName"] : []),
    ...(profile.point === undefined ? ["provider.point"] : []),
  ];
  if (missing.length > 0) throw invalid(missing);
}

async function checkNoPrices(tx: Tx, provider: StoredProvider): Promise<void> {
  const services = await activeParts(tx, serviceKind, provider.id);
  checkCurrencyChange(provider.currencyCode, "", services.length > 0);
}

async function readinessOf(tx: Tx, { id, profile }: StoredProvider) {
  const services = await activeParts(tx, serviceKind, id);
  const staff = await activeParts(tx, staffKind, id);
  const served = new Set(staff.flatMap(({ content }) => content.skills.map(({ service }) => idOf(service))));
  return {
    hasDescription: profile.description !== undefined,
    hasAddress: profile.address !== undefined,
    servedServiceCount: services.filter((service) => served.has(service.id)).length,
  };
}
