import type { Tx } from "@dawr/store";
import type { Policy } from "../domain/policy.ts";
import type { PolicyKey } from "../names.ts";

/** What a provider has said for itself or for one service; without terms the service follows its provider. */
export type StoredPolicy = {
  readonly terms: StatedTerms | undefined;
  readonly version: bigint;
  readonly updateTime: Temporal.Instant;
};

/** A policy but for what is a setting of the platform. */
export type StatedTerms = Omit<Policy, "refundsFee">;

type Row = {
  readonly service_id: string | null;
  readonly terms: StatedTerms | null;
  readonly version: bigint;
  readonly update_time: Temporal.Instant;
};

/** What a provider has said: for itself, and for each of some services; undefined where it has said nothing. */
export type StoredPolicies = {
  readonly own: StoredPolicy | undefined;
  readonly ofService: (serviceId: string) => StoredPolicy | undefined;
};

/** Reads a provider's own policy and those of some of its services. */
export async function findPolicies(tx: Tx, providerId: string, serviceIds: readonly string[]): Promise<StoredPolicies> {
  const rows = await tx.query<Row>(
    `select service_id, terms, version, update_time from policy
     where provider_id = $1 and (service_id is null or service_id = any($2::uuid[]))`,
    [providerId, serviceIds],
  );
  const policies = new Map(
    rows.map(({ service_id, terms, version, update_time }) => [
      service_id,
      { terms: terms ?? undefined, version, updateTime: update_time },
    ]),
  );
  return { own: policies.get(null), ofService: (serviceId) => policies.get(serviceId) };
}

/** Keeps others from changing a provider's policies until the transaction ends; a lock of no row, for there may be none yet. */
export async function lockPolicies(tx: Tx, providerId: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`policy ${providerId}`]);
}

/** Stores what a provider has said for itself or for one service. */
export async function savePolicy(tx: Tx, { providerId, serviceId }: PolicyKey, policy: StoredPolicy): Promise<void> {
  await tx.query(
    `insert into policy (provider_id, service_id, terms, version, update_time) values ($1, $2, $3, $4, $5)
     on conflict (provider_id, service_id) do update set terms = $3, version = $4, update_time = $5`,
    [
      providerId,
      serviceId ?? null,
      policy.terms === undefined ? null : JSON.stringify(policy.terms),
      policy.version,
      policy.updateTime,
    ],
  );
}
