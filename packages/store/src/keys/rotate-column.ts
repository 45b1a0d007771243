import pg from "pg";
import type { Store } from "../open-store.ts";
import { DecryptionError } from "./cipher.ts";
import type { KeyRing } from "./key-ring.ts";

/** A column of values that a key ring has encrypted; those that none has made may stand among them. */
export type EncryptedColumn = {
  readonly table: string;
  /** The columns of the primary key. */
  readonly key: readonly string[];
  /** bytea. */
  readonly column: string;
  /** The context of all its values, or of one row's. */
  readonly context: string | ((key: readonly unknown[]) => string);
  /** "data key" for a column of wrapped data keys. */
  readonly holds?: "text" | "data key";
};

export type RotateOptions = {
  /** Rows in one transaction; 200 unless told. */
  readonly batchSize?: number;
  /** Told of the rows of each batch, once they are committed. */
  readonly onBatch?: (rows: number) => void;
  /** Ends the work after the batch that it is at, by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Encrypts anew what older versions of the key have encrypted, batch by batch, while the column is in use: a row that
 * somebody has locked is left for the next run. Answers how many rows it changed. Whatever ends it, the next run goes on.
 */
export async function rotateColumn(
  store: Store,
  keys: KeyRing,
  column: EncryptedColumn,
  { batchSize = 200, onBatch, signal }: RotateOptions = {},
): Promise<number> {
  const statements = statementsOf(column);
  let rotated = 0;
  let after: readonly unknown[] | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const last = await store.transaction(async (tx) => {
      const rows = await tx.query<Row>(after === undefined ? statements.first : statements.next, [
        currentHeader(keys),
        batchSize,
        ...(after ?? []),
      ]);
      for (const { sealed, key } of rows.map((row) => toRow(row, column.key.length))) {
        await tx.query(statements.update, [opened(column, keys, sealed, key).sealAnew(), ...key]);
      }
      return { key: rows.map((row) => toRow(row, column.key.length).key).at(-1), count: rows.length };
    });
    rotated += last.count;
    onBatch?.(last.count);
    if (last.count < batchSize || last.key === undefined) return rotated;
    after = last.key;
  }
}

/** Whether the keys open any of a few values of a column; undefined when it holds none that a key ring has made. */
export async function canReadColumn(
  store: Store,
  keys: KeyRing,
  column: EncryptedColumn,
): Promise<boolean | undefined> {
  const rows = await store.read((tx) => tx.query<Row>(statementsOf(column).some, [currentHeader(keys)]));
  if (rows.length === 0) return undefined;
  return rows.some((row) => {
    const { sealed, key } = toRow(row, column.key.length);
    try {
      opened(column, keys, sealed, key);
      return true;
    } catch (error) {
      if (error instanceof DecryptionError) return false;
      throw error;
    }
  });
}

/** How many values of a column are encrypted by another version than the current one. */
export async function countUnderOlderKeys(store: Store, keys: KeyRing, column: EncryptedColumn): Promise<number> {
  const statement = statementsOf(column).count;
  const [row] = await store.read((tx) => tx.query<{ count: bigint }>(statement, [currentHeader(keys)]));
  return Number(row?.count ?? 0);
}

/** A value of a column, which is open now and can be sealed under the current version; throws DecryptionError. */
function opened(
  { table, column, context, holds }: EncryptedColumn,
  keys: KeyRing,
  sealed: Uint8Array,
  key: readonly unknown[],
): { sealAnew(): Uint8Array } {
  const own = typeof context === "string" ? context : context(key);
  try {
    if (holds === "data key") {
      const dataKey = keys.unwrapDataKey(sealed, own);
      return { sealAnew: () => keys.wrapDataKey(dataKey, own) };
    }
    const plain = keys.decrypt(sealed, own);
    return { sealAnew: () => keys.encrypt(plain, own) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DecryptionError(`${table}.${column} of ${key.join("/")}: ${reason}`, { cause });
  }
}

type Row = Readonly<Record<string, unknown>>;

function toRow(row: Row, keyLength: number): { readonly sealed: Uint8Array; readonly key: readonly unknown[] } {
  const { sealed } = row;
  if (!(sealed instanceof Uint8Array)) throw new TypeError("the column does not hold bytes");
  return { sealed, key: Array.from({ length: keyLength }, (_, index) => row[`k${index}`]) };
}

/** Format and version, as they stand before each value. */
function currentHeader(keys: KeyRing): Uint8Array {
  return keys.sign("", "").subarray(0, 5);
}

type Statements = Readonly<Record<"some" | "first" | "next" | "update" | "count", string>>;

function statementsOf({ table, key, column }: EncryptedColumn): Statements {
  const name = table.split(".").map(pg.escapeIdentifier).join(".");
  const value = pg.escapeIdentifier(column);
  const keys = key.map(pg.escapeIdentifier);
  const places = keys.map((_, index) => `$${index + 3}`).join(", ");
  // The first byte says that a key ring made it: no message of Protobuf, no text and no JSON begins like that.
  const isOfRing = `substring(${value} from 1 for 1) = substring($1::bytea from 1 for 1)`;
  const isOlder = `${isOfRing} and substring(${value} from 1 for 5) <> $1::bytea`;
  const found = `select ${value} as sealed, ${keys.map((k, index) => `${k} as k${index}`).join(", ")} from ${name}`;
  const select = (after: string): string => `
    ${found}
    where ${isOlder} ${after}
    order by ${keys.join(", ")}
    limit $2 for no key update skip locked`;
  return {
    some: `${found} where ${isOfRing} limit 5`,
    first: select(""),
    next: select(`and (${keys.join(", ")}) > (${places})`),
    count: `select count(*) as count from ${name} where ${isOlder}`,
    update: `update ${name} set ${value} = $1 where ${keys.map((k, index) => `${k} = $${index + 2}`).join(" and ")}`,
  };
}
