import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Provider, ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import type { Tx } from "@dawr/store";
import type { RatingTotal } from "../domain/rating.ts";
import type { ProviderState, Standing } from "../domain/standing.ts";

/** A provider as it is kept. */
export type StoredProvider = {
  readonly id: string;
  /** 1 at first, one more with each change; the sequence of its events and its etag. */
  readonly version: bigint;
  readonly standing: Standing;
  /** The vertical's id. */
  readonly vertical: string;
  readonly currencyCode: string;
  readonly rating: RatingTotal;
  /** What its members write; the other fields of the message mean nothing here. */
  readonly profile: Provider;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};

/** Reads one provider; with "lock" for a change in this transaction. */
export async function findProvider(tx: Tx, id: string, lock?: "lock"): Promise<StoredProvider | undefined> {
  const [row] = await tx.query<Row>(
    `select ${columns} from provider where id = $1${lock === undefined ? "" : " for no key update"}`,
    [id],
  );
  return row === undefined ? undefined : fromRow(row);
}

/** Reads those of the providers that there are, in any order. */
export async function findProviders(tx: Tx, ids: readonly string[]): Promise<readonly StoredProvider[]> {
  const rows = await tx.query<Row>(`select ${columns} from provider where id = any($1::uuid[])`, [ids]);
  return rows.map(fromRow);
}

/** A page of the published providers after an id, by id. */
export async function listPublished(
  tx: Tx,
  page: { readonly vertical: string | undefined; readonly afterId: string | undefined; readonly limit: number },
): Promise<readonly StoredProvider[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from provider
     where state = 'PUBLISHED' and ($1::text is null or vertical = $1) and ($2::uuid is null or id > $2)
     order by id limit $3`,
    [page.vertical ?? null, page.afterId ?? null, page.limit],
  );
  return rows.map(fromRow);
}

/** Stores providers that are new, in one statement; those that are there stay as they are. Answers how many were new. */
export async function insertProviders(tx: Tx, providers: readonly StoredProvider[]): Promise<number> {
  if (providers.length === 0) return 0;
  const rows = await tx.query(
    `insert into provider (${columns})
     select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],
       $8::int[], $9::int[], $10::bytea[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
     on conflict (id) do nothing returning 1 as one`,
    columnValues(providers),
  );
  return rows.length;
}

/** Saves a provider that this transaction has locked. */
export async function saveProvider(tx: Tx, provider: StoredProvider): Promise<void> {
  await tx.query(
    `update provider set (${columns}) = ($1::uuid, $2::bigint, $3, $4, $5, $6, $7::boolean, $8::int, $9::int,
       $10::bytea, $11::timestamptz, $12::timestamptz, $13::timestamptz)
     where id = $1`,
    valuesOf(provider),
  );
}

type Row = {
  readonly id: string;
  readonly version: bigint;
  readonly state: ProviderState;
  readonly state_reason: string;
  readonly vertical: string;
  readonly currency_code: string;
  readonly verified: boolean;
  readonly rating_count: number;
  readonly rating_sum: number;
  readonly content: Uint8Array;
  readonly publish_time: Temporal.Instant | null;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

const columns = `id, version, state, state_reason, vertical, currency_code, verified, rating_count, rating_sum, content,
  publish_time, create_time, update_time`;

function fromRow(row: Row): StoredProvider {
  return {
    id: row.id,
    version: row.version,
    standing: {
      state: row.state,
      reason: row.state_reason,
      verified: row.verified,
      publishTime: row.publish_time ?? undefined,
    },
    vertical: row.vertical,
    currencyCode: row.currency_code,
    rating: { count: row.rating_count, sum: row.rating_sum },
    profile: fromBinary(ProviderSchema, row.content),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

function valuesOf({ standing, rating, ...provider }: StoredProvider): readonly unknown[] {
  return [
    provider.id,
    provider.version.toString(),
    standing.state,
    standing.reason,
    provider.vertical,
    provider.currencyCode,
    standing.verified,
    rating.count,
    rating.sum,
    toBinary(ProviderSchema, provider.profile),
    standing.publishTime ?? null,
    provider.createTime,
    provider.updateTime,
  ];
}

/** One array for each column, as unnest() wants them. */
function columnValues(providers: readonly StoredProvider[]): readonly unknown[] {
  const rows = providers.map(valuesOf);
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
}
