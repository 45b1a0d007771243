import type { HandlerContext } from "@connectrpc/connect";
import { checkEtag, PlatformError } from "@dawr/rpc";
import type { Tx } from "@dawr/store";
import { CatalogError } from "../domain/errors.ts";
import { type PartKey, parsePartName } from "../names.ts";
import type { Part, PartKind } from "../store/part-kinds.ts";
import { findPart, findParts, insertParts, listParts, partToProto, type StoredPart, savePart } from "../store/parts.ts";
import { findProvider, type StoredProvider } from "../store/providers.ts";
import type { Deps } from "./deps.ts";
import { afterIdOf, pageOf, pageSizeOf } from "./pages.ts";
import { requireVisible, sightOf, visibleProviders } from "./visibility.ts";

type ReadDeps = Pick<Deps, "store" | "auth" | "keys">;

/** What is left out of a part for whom it does not concern. */
type Shown<M extends Part> = (message: M, isInside: boolean) => M;

/** Gets one part; to strangers what belongs to an unpublished provider is not there. */
export async function getPart<M extends Part>(
  { store, auth }: ReadDeps,
  kind: PartKind<M>,
  name: string,
  context: HandlerContext,
  shown: Shown<M> = (message) => message,
): Promise<M> {
  const key = parsePartName(name);
  const sight = await sightOf(context, auth);
  const part = await store.read((tx) => findPart(tx, kind, key));
  if (part === undefined) throw new PlatformError("NOT_FOUND", { name });
  await requireVisible(store, sight, key.providerId, name);
  return shown(partToProto(kind, part), sight.isInside(key.providerId));
}

/** Gets several parts in the order asked, without those that there are not for the caller. */
export async function batchGetParts<M extends Part>(
  { store, auth }: ReadDeps,
  kind: PartKind<M>,
  names: readonly string[],
  context: HandlerContext,
  shown: Shown<M> = (message) => message,
): Promise<M[]> {
  const keys = names.map(parsePartName);
  const sight = await sightOf(context, auth);
  const found = await store.read((tx) => findParts(tx, kind, keys));
  const visible = await visibleProviders(
    store,
    sight,
    found.map(({ providerId }) => providerId),
  );
  const byKey = new Map(found.map((part) => [`${part.providerId}/${part.id}`, part]));
  return keys.flatMap(({ providerId, id }) => {
    const part = byKey.get(`${providerId}/${id}`);
    if (part === undefined || !visible.has(providerId)) return [];
    return [shown(partToProto(kind, part), sight.isInside(providerId))];
  });
}

/** What a list of parts is asked with. */
export type ListQuery = {
  readonly parent: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly showArchived: boolean;
  readonly sort?: string | undefined;
};

/** Lists a provider's parts, page by page. */
export async function listPartsPage<M extends Part>(
  { store, auth, keys }: ReadDeps,
  kind: PartKind<M>,
  { parent, pageSize, pageToken, showArchived, sort }: ListQuery,
  context: HandlerContext,
  shown: Shown<M> = (message) => message,
): Promise<{ readonly page: M[]; readonly nextPageToken: string }> {
  const { id: providerId } = parsePartName(parent);
  const query = { list: kind.collection, parent, showArchived, sort: sort ?? "" };
  const size = pageSizeOf(pageSize);
  const afterId = afterIdOf(keys, query, pageToken);
  const sight = await sightOf(context, auth);
  await requireVisible(store, sight, providerId, parent);
  const rows = await store.read((tx) =>
    listParts(tx, kind, { providerId, showArchived, sort, afterId, limit: size + 1 }),
  );
  const { page, nextPageToken } = pageOf(rows, size, { key: keys, query, cursorOf: (last) => last.id });
  return { page: page.map((part) => shown(partToProto(kind, part), sight.isInside(providerId))), nextPageToken };
}

/** How a kind of part is written: checked against its provider, and told to others. */
export type PartWriting<M extends Part> = {
  readonly kind: PartKind<M>;
  check(tx: Tx, part: StoredPart<M>, provider: StoredProvider): Promise<void>;
  tell(tx: Tx, part: StoredPart<M>): Promise<void>;
};

/** Creates a part of a provider in the caller's transaction. */
export async function createPart<M extends Part>(
  tx: Tx,
  { now }: Pick<Deps, "now">,
  { kind, check, tell }: PartWriting<M>,
  { providerId, id, content }: PartKey & { readonly content: M },
): Promise<M> {
  // Locked, so that the provider does not change its currency meanwhile.
  const provider = await requireProvider(tx, providerId, "lock");
  const at = now();
  const part: StoredPart<M> = { providerId, id, version: 1n, active: true, content, createTime: at, updateTime: at };
  await check(tx, part, provider);
  await insertParts(tx, kind, [part]);
  await tell(tx, part);
  return partToProto(kind, part);
}

/** Changes a part in the caller's transaction; one that is archived stays as it is. */
export async function updatePart<M extends Part>(
  tx: Tx,
  { now }: Pick<Deps, "now">,
  { kind, check, tell }: PartWriting<M>,
  wanted: { readonly name: string; readonly etag: string },
  decide: (content: M, key: PartKey) => M,
): Promise<M> {
  const key = parsePartName(wanted.name);
  const provider = await requireProvider(tx, key.providerId, "lock");
  const before = await findPart(tx, kind, key, "lock");
  if (before === undefined) throw new PlatformError("NOT_FOUND", { name: wanted.name });
  if (!before.active) throw new CatalogError("ARCHIVED", { name: wanted.name });
  checkEtag(wanted, before.version);
  const content = decide(before.content, key);
  const part: StoredPart<M> = { ...before, content, version: before.version + 1n, updateTime: now() };
  await check(tx, part, provider);
  await savePart(tx, kind, part);
  await tell(tx, part);
  return partToProto(kind, part);
}

/** Archives a part in the caller's transaction; one that is archived stays as it is. */
export async function archivePart<M extends Part>(
  tx: Tx,
  { now }: Pick<Deps, "now">,
  { kind, tell }: Pick<PartWriting<M>, "kind" | "tell">,
  name: string,
): Promise<M> {
  const before = await findPart(tx, kind, parsePartName(name), "lock");
  if (before === undefined) throw new PlatformError("NOT_FOUND", { name });
  if (!before.active) return partToProto(kind, before);
  const part: StoredPart<M> = { ...before, active: false, version: before.version + 1n, updateTime: now() };
  await savePart(tx, kind, part);
  await tell(tx, part);
  return partToProto(kind, part);
}

async function requireProvider(tx: Tx, providerId: string, lock: "lock"): Promise<StoredProvider> {
  const provider = await findProvider(tx, providerId, lock);
  if (provider === undefined) throw new PlatformError("NOT_FOUND", { name: `providers/${providerId}` });
  return provider;
}
