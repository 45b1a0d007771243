import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Dependent as DependentMessage, DependentSchema } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import { type DataKey, ensureDataKey, findDataKeys, type KeyRing, type Tx } from "@dawr/store";
import { accountName } from "../names.ts";

/** Whose dependent it is, and which. */
export type DependentKey = { readonly accountId: string; readonly id: string };

/** A dependent in the clear; it is stored under its person's key. (ID-12) */
export type Dependent = DependentKey & {
  readonly version: bigint;
  /** What the person has said; name, etag and times mean nothing here. */
  readonly content: DependentMessage;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};

/** Finds a dependent; undefined when there is none, or when its person's data is erased. */
export async function findDependent(
  tx: Tx,
  keys: KeyRing,
  { accountId, id }: DependentKey,
  lock: "lock" | "" = "",
): Promise<Dependent | undefined> {
  const rows = await tx.query<Row>(
    `select ${columns} from dependent where account_id = $1 and id = $2 ${lock === "" ? "" : "for no key update"}`,
    [accountId, id],
  );
  return (await opened(tx, keys, rows))[0];
}

/** Finds those of the dependents that there are, in no order. */
export async function findDependents(
  tx: Tx,
  keys: KeyRing,
  wanted: readonly DependentKey[],
): Promise<readonly Dependent[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from dependent where (account_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
    [wanted.map(({ accountId }) => accountId), wanted.map(({ id }) => id)],
  );
  return await opened(tx, keys, rows);
}

/** Lists the dependents of an account by id, which is a time, after one. */
export async function listDependents(
  tx: Tx,
  keys: KeyRing,
  accountId: string,
  afterId: string | undefined,
  limit: number,
): Promise<readonly Dependent[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from dependent where account_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
    [accountId, afterId ?? null, limit],
  );
  return await opened(tx, keys, rows);
}

/** How many dependents an account has. */
export async function countDependents(tx: Tx, accountId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    "select count(*)::int as count from dependent where account_id = $1",
    [accountId],
  );
  return row?.count ?? 0;
}

/** Stores a new dependent. Throws NOT_FOUND when its person's data is erased. */
export async function insertDependent(tx: Tx, keys: KeyRing, dependent: Dependent): Promise<void> {
  const key = await ensureDataKey(tx, keys, accountName(dependent.accountId));
  await tx.query(`insert into dependent (${columns}) values ($1, $2, $3, $4, $5, $6)`, valuesOf(dependent, key));
}

/** Stores a dependent's present values. */
export async function saveDependent(tx: Tx, keys: KeyRing, dependent: Dependent): Promise<void> {
  const key = await ensureDataKey(tx, keys, accountName(dependent.accountId));
  await tx.query(
    `update dependent set version = $3, content = $4, create_time = $5, update_time = $6
     where account_id = $1 and id = $2`,
    valuesOf(dependent, key),
  );
}

/** Removes a dependent. */
export async function deleteDependent(tx: Tx, { accountId, id }: DependentKey): Promise<void> {
  await tx.query("delete from dependent where account_id = $1 and id = $2", [accountId, id]);
}

type Row = {
  readonly account_id: string;
  readonly id: string;
  readonly version: bigint;
  readonly content: Uint8Array;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

const columns = "account_id, id, version, content, create_time, update_time";

async function opened(tx: Tx, keys: KeyRing, rows: readonly Row[]): Promise<readonly Dependent[]> {
  const owners = rows.map((row) => accountName(row.account_id));
  const byOwner = await findDataKeys(tx, keys, owners);
  return rows.flatMap((row) => {
    const key = byOwner.get(accountName(row.account_id));
    if (key === undefined) return [];
    return [
      {
        accountId: row.account_id,
        id: row.id,
        version: row.version,
        content: fromBinary(DependentSchema, key.decrypt(row.content, contextOf(row.id))),
        createTime: row.create_time,
        updateTime: row.update_time,
      },
    ];
  });
}

function valuesOf(dependent: Dependent, key: DataKey): unknown[] {
  const { accountId, id, version, content, createTime, updateTime } = dependent;
  const { kind, displayName, birthDate, species, breed, weightGrams, sex, medicalNotes, vaccinations } = content;
  const kept = create(DependentSchema, {
    kind,
    displayName,
    species,
    breed,
    weightGrams,
    sex,
    medicalNotes,
    vaccinations,
    ...(birthDate === undefined ? {} : { birthDate }),
  });
  const sealed = key.encrypt(toBinary(DependentSchema, kept), contextOf(id));
  return [accountId, id, version, sealed, createTime, updateTime];
}

const contextOf = (id: string): string => `identity.dependent ${id}`;
