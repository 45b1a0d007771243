import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Provider, ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { type Service, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { Tx } from "@dawr/store";
import type { Texts } from "../domain/document.ts";

/** A resource of the catalogue with its version. */
export type Copy<M> = { readonly resource: M; readonly version: bigint; readonly eventTime: Temporal.Instant };

/** A provider with its services, as catalog published them. */
export type CopiedProvider = { readonly provider: Provider; readonly services: readonly Service[] };

/** Keeps copies of providers, in one statement; an older version than is kept changes nothing. */
export async function keepProviders(tx: Tx, copies: readonly Copy<Provider>[]): Promise<void> {
  if (copies.length === 0) return;
  await tx.query(
    `insert into provider_copy (id, version, event_time, content)
     select * from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::bytea[])
     on conflict (id) do update set
       version = excluded.version, event_time = excluded.event_time, content = excluded.content
     where provider_copy.version < excluded.version`,
    [
      copies.map(({ resource }) => lastIdOf(resource.name)),
      copies.map(({ version }) => version.toString()),
      copies.map(({ eventTime }) => eventTime),
      copies.map(({ resource }) => toBinary(ProviderSchema, resource)),
    ],
  );
}

/** Keeps copies of services, in one statement; an older version than is kept changes nothing. */
export async function keepServices(tx: Tx, copies: readonly Copy<Service>[]): Promise<void> {
  if (copies.length === 0) return;
  await tx.query(
    `insert into service_copy (provider_id, id, version, event_time, content)
     select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::bytea[])
     on conflict (provider_id, id) do update set
       version = excluded.version, event_time = excluded.event_time, content = excluded.content
     where service_copy.version < excluded.version`,
    [
      copies.map(({ resource }) => providerIdOf(resource.name)),
      copies.map(({ resource }) => lastIdOf(resource.name)),
      copies.map(({ version }) => version.toString()),
      copies.map(({ eventTime }) => eventTime),
      copies.map(({ resource }) => toBinary(ServiceSchema, resource)),
    ],
  );
}

/** Reads providers with their services; those that are not known are left out. */
export async function readCopies(tx: Tx, providerIds: readonly string[]): Promise<readonly CopiedProvider[]> {
  const providers = await tx.query<{ id: string; content: Uint8Array }>(
    "select id, content from provider_copy where id = any($1::uuid[])",
    [providerIds],
  );
  const services = await tx.query<{ provider_id: string; content: Uint8Array }>(
    "select provider_id, content from service_copy where provider_id = any($1::uuid[]) order by provider_id, id",
    [providerIds],
  );
  const byProvider = new Map<string, Service[]>();
  for (const { provider_id, content } of services) {
    const list = byProvider.get(provider_id) ?? [];
    list.push(fromBinary(ServiceSchema, content));
    byProvider.set(provider_id, list);
  }
  return providers.map(({ id, content }) => ({
    provider: fromBinary(ProviderSchema, content),
    services: byProvider.get(id) ?? [],
  }));
}

/**
 * The names of categories by id, for entries that this transaction makes: until it ends they do not change, so that
 * whoever changes them sees every entry that has the old ones.
 */
export async function readCategories(tx: Tx): Promise<ReadonlyMap<string, Texts>> {
  await tx.query("select pg_advisory_xact_lock_shared(hashtextextended('search categories', 0))");
  const rows = await tx.query<{ id: string; texts: Texts }>("select id, texts from category_copy");
  return new Map(rows.map(({ id, texts }) => [id, texts]));
}

/** Writes the names of categories over those that are kept; answers whether that changed any. */
export async function keepCategories(tx: Tx, categories: ReadonlyMap<string, Texts>): Promise<boolean> {
  if (categories.size === 0) return false;
  await tx.query("select pg_advisory_xact_lock(hashtextextended('search categories', 0))");
  const changed = await tx.query(
    `insert into category_copy (id, texts) select * from unnest($1::text[], $2::jsonb[])
     on conflict (id) do update set texts = excluded.texts where category_copy.texts <> excluded.texts
     returning 1 as one`,
    [[...categories.keys()], [...categories.values()].map((texts) => JSON.stringify(texts))],
  );
  return changed.length > 0;
}

/** The provider's id in a name that begins with "providers/{p}". */
export function providerIdOf(name: string): string {
  const [, id] = name.split("/", 2);
  if (id === undefined) throw new TypeError("not a name below a provider");
  return id;
}

/** The last part of a resource name: the resource's own id. */
export const lastIdOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
