import type { Tx } from "@dawr/store";
import type { ResourceContent, ServiceContent, StaffContent } from "./load-calendar.ts";

export type ProviderCopy = {
  readonly providerId: string;
  readonly version: bigint;
  readonly zone: string;
  readonly published: boolean;
};

/** A service, staff member or resource of a provider, as this service keeps it. */
export type PartCopy = {
  readonly providerId: string;
  readonly id: string;
  readonly version: bigint;
  readonly active: boolean;
} & (
  | { readonly kind: "SERVICE"; readonly content: ServiceContent }
  | { readonly kind: "STAFF"; readonly content: StaffContent }
  | { readonly kind: "RESOURCE"; readonly content: ResourceContent }
);

/** Keeps copies of providers, in one statement; an older version than is kept changes nothing. */
export async function keepProviders(tx: Tx, copies: readonly ProviderCopy[]): Promise<void> {
  if (copies.length === 0) return;
  await tx.query(
    `insert into provider (provider_id, version, zone, published)
     select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::boolean[])
     on conflict (provider_id) do update
       set version = excluded.version, zone = excluded.zone, published = excluded.published
       where provider.version < excluded.version`,
    [
      copies.map((c) => c.providerId),
      copies.map((c) => c.version.toString()),
      copies.map((c) => c.zone),
      copies.map((c) => c.published),
    ],
  );
}

/** Whether a provider is known and published. */
export async function isPublished(tx: Tx, providerId: string): Promise<boolean> {
  const rows = await tx.query("select 1 from provider where provider_id = $1 and published", [providerId]);
  return rows.length > 0;
}

/** Keeps copies of services, staff members and resources, in one statement per table; older versions change nothing. */
export async function keepParts(tx: Tx, copies: readonly PartCopy[]): Promise<void> {
  const services = copies.filter((c) => c.kind === "SERVICE");
  const units = copies.filter((c) => c.kind !== "SERVICE");
  const columns = (rows: readonly PartCopy[]) => [
    rows.map((c) => c.providerId),
    rows.map((c) => c.id),
    rows.map((c) => c.version.toString()),
    rows.map((c) => c.active),
    rows.map((c) => JSON.stringify(c.content)),
  ];
  if (services.length > 0)
    await tx.query(
      `insert into service (provider_id, service_id, version, active, content)
       select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::jsonb[])
       on conflict (provider_id, service_id) do update
         set version = excluded.version, active = excluded.active, content = excluded.content
         where service.version < excluded.version`,
      columns(services),
    );
  if (units.length > 0)
    await tx.query(
      `insert into unit (provider_id, unit_id, version, active, content, kind)
       select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::jsonb[], $6::text[])
       on conflict (provider_id, unit_id) do update
         set version = excluded.version, active = excluded.active, content = excluded.content
         where unit.version < excluded.version`,
      [...columns(units), units.map((c) => c.kind)],
    );
}
