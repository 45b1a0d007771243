import pg from "pg";
import type { Store } from "../open-store.ts";
import type { KeyRing } from "./key-ring.ts";

/** A column of encrypted values. */
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
  /** Rows in one transaction; 200 unless told. */
  readonly batchSize?: number;
};

/**
 * Encrypts anew what older versions of the key have encrypted, batch by batch, while the column is in use: a row that
 * somebody has locked is left for the next run. Answers how many rows it changed; a run that answers 0, started when no
 * process writes with an older version any more, says that the older version is no longer needed.
 */
export async function rotateColumn(store: Store, keys: KeyRing, column: EncryptedColumn): Promise<number> {
  const { context } = column;
  const contextOf = typeof context === "string" ? () => context : context;
  const isDataKey = column.holds === "data key";
  const statements = statementsOf(column);
  const batchSize = column.batchSize ?? 200;
  let rotated = 0;
  let after: readonly unknown[] | undefined;
  for (;;) {
    const last = await store.transaction(async (tx) => {
      const rows = await tx.query<Row>(after === undefined ? statements.first : statements.next, [
        currentHeader(keys),
        batchSize,
        ...(after ?? []),
      ]);
      for (const { sealed, key } of rows.map((row) => toRow(row, column.key.length))) {
        const own = contextOf(key);
        const again = isDataKey
          ? keys.wrapDataKey(keys.unwrapDataKey(sealed, own), own)
          : keys.encrypt(keys.decrypt(sealed, own), own);
        await tx.query(statements.update, [again, ...key]);
      }
      return { key: rows.map((row) => toRow(row, column.key.length).key).at(-1), count: rows.length };
    });
    rotated += last.count;
    if (last.count < batchSize || last.key === undefined) return rotated;
    after = last.key;
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

function statementsOf({ table, key, column }: EncryptedColumn): { first: string; next: string; update: string } {
  const name = table.split(".").map(pg.escapeIdentifier).join(".");
  const value = pg.escapeIdentifier(column);
  const keys = key.map(pg.escapeIdentifier);
  const places = keys.map((_, index) => `$${index + 3}`).join(", ");
  const select = (after: string): string => `
    select ${value} as sealed, ${keys.map((k, index) => `${k} as k${index}`).join(", ")}
    from ${name}
    where ${value} is not null and substring(${value} from 1 for 5) <> $1::bytea ${after}
    order by ${keys.join(", ")}
    limit $2 for update skip locked`;
  return {
    first: select(""),
    next: select(`and (${keys.join(", ")}) > (${places})`),
    update: `update ${name} set ${value} = $1 where ${keys.map((k, index) => `${k} = $${index + 2}`).join(" and ")}`,
  };
}
