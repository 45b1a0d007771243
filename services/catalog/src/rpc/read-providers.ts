import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type BatchGetProvidersRequest,
  type BatchGetProvidersResponse,
  BatchGetProvidersResponseSchema,
  type GetProviderRequest,
  type ListProvidersRequest,
  type ListProvidersResponse,
  ListProvidersResponseSchema,
  type Provider,
} from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { PlatformError } from "@dawr/rpc";
import { idOf } from "../names.ts";
import { findProvider, findProviders, listPublished } from "../store/providers.ts";
import type { Deps } from "./deps.ts";
import { afterIdOf, pageOf, pageSizeOf } from "./pages.ts";
import { providerToProto } from "./provider-to-proto.ts";
import { sightOf } from "./visibility.ts";

type ReadDeps = Pick<Deps, "store" | "auth" | "keys">;

/** Gets a provider; to strangers one that is not published is not there. */
export const getProvider =
  ({ store, auth }: ReadDeps) =>
  async ({ name }: GetProviderRequest, context: HandlerContext): Promise<Provider> => {
    const sight = await sightOf(context, auth);
    const provider = await store.read((tx) => findProvider(tx, idOf(name)));
    if (provider === undefined || !sight.sees(provider)) throw new PlatformError("NOT_FOUND", { name });
    return providerToProto(provider, sight.isInside(provider.id));
  };

/** Gets several providers in the order asked, without those that the caller may not see. */
export const batchGetProviders =
  ({ store, auth }: ReadDeps) =>
  async ({ names }: BatchGetProvidersRequest, context: HandlerContext): Promise<BatchGetProvidersResponse> => {
    const sight = await sightOf(context, auth);
    const found = await store.read((tx) => findProviders(tx, names.map(idOf)));
    const byId = new Map(found.map((provider) => [provider.id, provider]));
    const providers = names.flatMap((name) => {
      const provider = byId.get(idOf(name));
      return provider !== undefined && sight.sees(provider)
        ? [providerToProto(provider, sight.isInside(provider.id))]
        : [];
    });
    return create(BatchGetProvidersResponseSchema, { providers });
  };

/** Lists the published providers, by name. */
export const listProviders =
  ({ store, keys }: ReadDeps) =>
  async ({ vertical, pageSize, pageToken }: ListProvidersRequest): Promise<ListProvidersResponse> => {
    const query = { list: "providers", vertical };
    const size = pageSizeOf(pageSize);
    const afterId = afterIdOf(keys, query, pageToken);
    const rows = await store.read((tx) =>
      listPublished(tx, { vertical: vertical === "" ? undefined : idOf(vertical), afterId, limit: size + 1 }),
    );
    const { page, nextPageToken } = pageOf(rows, size, { key: keys, query, cursorOf: (last) => last.id });
    return create(ListProvidersResponseSchema, {
      providers: page.map((provider) => providerToProto(provider, false)),
      nextPageToken,
    });
  };
