import { clone } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type CreateProviderRequest,
  type Provider,
  ProviderSchema,
  ProviderService,
} from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { invalid, requireActor } from "@dawr/rpc";
import { once } from "@dawr/store";
import { CatalogError } from "../domain/errors.ts";
import { checkCurrency, checkTimeZone } from "../domain/rules.ts";
import { draft } from "../domain/standing.ts";
import { tellProvider } from "../events/catalog-events.ts";
import { idOf } from "../names.ts";
import { storeOwnerStep } from "../saga/owner-step.ts";
import { insertProviders, type StoredProvider } from "../store/providers.ts";
import type { Deps } from "./deps.ts";
import { providerToProto } from "./provider-to-proto.ts";

/** Creates a provider as a draft; a stored step then makes the caller its owner in identity. (CA-02) */
export const createProvider =
  ({ store, now, newId, verticals, currencies }: Deps) =>
  async (request: CreateProviderRequest, context: HandlerContext): Promise<Provider> => {
    const { account } = requireActor(context);
    const wanted = request.provider;
    if (wanted === undefined) throw invalid("provider");
    const vertical = idOf(wanted.vertical);
    if (verticals.categoriesOf(vertical) === undefined) {
      throw new CatalogError("VERTICAL_UNKNOWN", { vertical: wanted.vertical });
    }
    checkTimeZone(wanted.timeZone);
    checkCurrency(wanted.currencyCode, currencies);
    return await once(store, { actor: account, method: ProviderService.method.createProvider, request }, async (tx) => {
      const at = now();
      const provider: StoredProvider = {
        id: newId(),
        version: 1n,
        standing: draft,
        vertical,
        currencyCode: wanted.currencyCode,
        rating: { count: 0, sum: 0 },
        profile: clone(ProviderSchema, wanted),
        createTime: at,
        updateTime: at,
      };
      await insertProviders(tx, [provider]);
      await storeOwnerStep(tx, { providerId: provider.id, account });
      await tellProvider(tx, provider, "changed");
      return providerToProto(provider, true);
    });
  };
