import { StoreError } from "../errors.ts";
import type { Tx } from "../tx.ts";
import type { DataKey } from "./data-key.ts";
import type { KeyRing } from "./key-ring.ts";
import type { EncryptedColumn } from "./rotate-column.ts";

/** Where every schema keeps its data keys, wrapped by the key ring. */
export const dataKeyColumn: EncryptedColumn = {
  table: "data_key",
  key: ["owner"],
  column: "wrapped",
  context: ([owner]) => contextOf(String(owner)),
  holds: "data key",
};

/**
 * The key to encrypt what is said about an owner (a resource name such as "accounts/{a}"), made when there is none yet.
 * Until the transaction ends nobody destroys it, so that nothing is written under a key that is gone. Throws NOT_FOUND once
 * it was destroyed. (ID-12)
 */
export async function ensureDataKey(tx: Tx, keys: KeyRing, owner: string): Promise<DataKey> {
  let row = await findShared(tx, owner);
  if (row === undefined) {
    const { wrapped } = keys.newDataKey(contextOf(owner));
    tx.post("insert into data_key (owner, wrapped) values ($1, $2) on conflict (owner) do nothing", [owner, wrapped]);
    // Of two that make one at once the first counts.
    row = await findShared(tx, owner);
  }
  if (row?.wrapped === undefined || row.wrapped === null) {
    throw new StoreError("NOT_FOUND", "the owner's data was erased", { metadata: { name: owner } });
  }
  return keys.unwrapDataKey(row.wrapped, contextOf(owner));
}

/** The keys of those owners that have one; what was encrypted for the others, if anything, cannot be read any more. */
export async function findDataKeys(
  source: Pick<Tx, "query">,
  keys: KeyRing,
  owners: readonly string[],
): Promise<ReadonlyMap<string, DataKey>> {
  if (owners.length === 0) return new Map();
  const rows = await source.query<{ owner: string; wrapped: Uint8Array }>(
    "select owner, wrapped from data_key where owner = any ($1) and wrapped is not null",
    [[...new Set(owners)]],
  );
  return new Map(rows.map(({ owner, wrapped }) => [owner, keys.unwrapDataKey(wrapped, contextOf(owner))]));
}

/** Destroys the key of an owner for good: what it has encrypted is lost, and it gets no other one. (ID-12) */
export async function destroyDataKey(tx: Tx, owner: string): Promise<void> {
  await tx.query(
    "insert into data_key (owner, wrapped) values ($1, null) on conflict (owner) do update set wrapped = null",
    [owner],
  );
}

type Row = { readonly wrapped: Uint8Array | null };

async function findShared(tx: Tx, owner: string): Promise<Row | undefined> {
  const [row] = await tx.query<Row>("select wrapped from data_key where owner = $1 for share", [owner]);
  return row;
}

const contextOf = (owner: string): string => `data key of ${owner}`;
