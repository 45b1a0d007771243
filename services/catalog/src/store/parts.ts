import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Tx } from "@dawr/store";
import type { PartKey } from "../names.ts";
import type { Part, PartKind } from "./part-kinds.ts";

/** A service, staff member or resource as it is kept. */
export type StoredPart<M extends Part> = PartKey & {
  readonly version: bigint;
  readonly active: boolean;
  /** What members write; the other fields of the message mean nothing here. */
  readonly content: M;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};

/** Reads one part; with "lock" for a change in this transaction. */
export async function findPart<M extends Part>(
  tx: Tx,
  kind: PartKind<M>,
  { providerId, id }: PartKey,
  lock?: "lock",
): Promise<StoredPart<M> | undefined> {
  const [row] = await tx.query<Row>(
    `select ${columns} from ${kind.table} where provider_id = $1 and id = $2${lock === undefined ? "" : " for no key update"}`,
    [providerId, id],
  );
  return row === undefined ? undefined : fromRow(kind, row);
}

/** Reads those of the parts that there are, in any order. */
export async function findParts<M extends Part>(
  tx: Tx,
  kind: PartKind<M>,
  keys: readonly PartKey[],
): Promise<readonly StoredPart<M>[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from ${kind.table}
     where (provider_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
    [keys.map((key) => key.providerId), keys.map((key) => key.id)],
  );
  return rows.map((row) => fromRow(kind, row));
}

/** What a page of a provider's parts holds. */
export type PartsPage = {
  readonly providerId: string;
  /** A service's category, a resource's kind; undefined for all. */
  readonly sort?: string | undefined;
  readonly showArchived: boolean;
  readonly afterId: string | undefined;
  readonly limit: number;
};

/** A page of a provider's parts after an id, by id. */
export async function listParts<M extends Part>(
  tx: Tx,
  kind: PartKind<M>,
  page: PartsPage,
): Promise<readonly StoredPart<M>[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from ${kind.table}
     where provider_id = $1 and (active or $2::boolean) and ($3::text is null or sort = $3)
       and ($4::uuid is null or id > $4)
     order by id limit $5`,
    [page.providerId, page.showArchived, page.sort ?? null, page.afterId ?? null, page.limit],
  );
  return rows.map((row) => fromRow(kind, row));
}

/** All parts of a provider that can be booked. */
export function activeParts<M extends Part>(
  tx: Tx,
  kind: PartKind<M>,
  providerId: string,
): Promise<readonly StoredPart<M>[]> {
  return listParts(tx, kind, { providerId, showArchived: false, afterId: undefined, limit: 10_000 });
}

/** Stores parts that are new, in one statement; those that are there stay as they are. */
export async function insertParts<M extends Part>(
  tx: Tx,
  kind: PartKind<M>,
  parts: readonly StoredPart<M>[],
): Promise<void> {
  if (parts.length === 0) return;
  await tx.query(
    `insert into ${kind.table} (${columns}, sort)
     select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::bytea[], $6::timestamptz[],
       $7::timestamptz[], $8::text[])
     on conflict (provider_id, id) do nothing`,
    [
      parts.map((part) => part.providerId),
      parts.map((part) => part.id),
      parts.map((part) => part.version.toString()),
      parts.map((part) => part.active),
      parts.map((part) => kind.write(part.content)),
      parts.map((part) => part.createTime),
      parts.map((part) => part.updateTime),
      parts.map((part) => kind.sortOf(part.content)),
    ],
  );
}

/** Saves a part that this transaction has locked. */
export async function savePart<M extends Part>(tx: Tx, kind: PartKind<M>, part: StoredPart<M>): Promise<void> {
  await tx.query(
    `update ${kind.table} set version = $3, active = $4, content = $5, update_time = $6, sort = $7
     where provider_id = $1 and id = $2`,
    [
      part.providerId,
      part.id,
      part.version.toString(),
      part.active,
      kind.write(part.content),
      part.updateTime,
      kind.sortOf(part.content),
    ],
  );
}

/** A part as the contract has it. */
export function partToProto<M extends Part>(kind: PartKind<M>, part: StoredPart<M>): M {
  const message = { ...part.content };
  message.name = `providers/${part.providerId}/${kind.collection}/${part.id}`;
  kind.setActive(message, part.active);
  message.createTime = timestampFromMs(part.createTime.epochMilliseconds);
  message.updateTime = timestampFromMs(part.updateTime.epochMilliseconds);
  message.etag = part.version.toString();
  return message;
}

type Row = {
  readonly provider_id: string;
  readonly id: string;
  readonly version: bigint;
  readonly active: boolean;
  readonly content: Uint8Array;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

const columns = "provider_id, id, version, active, content, create_time, update_time";

function fromRow<M extends Part>(kind: PartKind<M>, row: Row): StoredPart<M> {
  return {
    providerId: row.provider_id,
    id: row.id,
    version: row.version,
    active: row.active,
    content: kind.read(row.content),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
