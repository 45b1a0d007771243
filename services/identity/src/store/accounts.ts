import type { KeyRing, Tx } from "@dawr/store";
import { contexts } from "./encrypted-columns.ts";

/** An account, its personal fields in the clear; never leaves the service but through the contract. */
export type Account = {
  readonly id: string;
  readonly version: bigint;
  readonly state: "ACTIVE" | "SUSPENDED" | "ERASED";
  readonly email: string;
  readonly passwordHash: string;
  readonly displayName: string;
  readonly birthDate: Temporal.PlainDate;
  readonly locale: string;
  readonly emailVerifyTime: Temporal.Instant;
  readonly roles: readonly string[];
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};

type Row = {
  readonly id: string;
  readonly version: bigint;
  readonly state: Account["state"];
  readonly email: Uint8Array;
  readonly password_hash: string;
  readonly display_name: Uint8Array;
  readonly birth_date: Uint8Array;
  readonly locale: string;
  readonly email_verify_time: Temporal.Instant;
  readonly roles: readonly string[];
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

const columns =
  "id, version, state, email, password_hash, display_name, birth_date, locale, email_verify_time, roles, create_time, update_time";

/** Finds an account by its id. */
export async function findAccount(
  tx: Tx,
  keys: KeyRing,
  id: string,
  lock: "lock" | "" = "",
): Promise<Account | undefined> {
  const [row] = await tx.query<Row>(
    `select ${columns} from account where id = $1 ${lock === "" ? "" : "for no key update"}`,
    [id],
  );
  return row === undefined ? undefined : accountOf(row, keys);
}

/** Counts a change of an account, which orders its events; undefined when there is no such account. */
export async function nextVersion(tx: Tx, id: string): Promise<bigint | undefined> {
  const [row] = await tx.query<{ version: bigint }>(
    "update account set version = version + 1 where id = $1 returning version",
    [id],
  );
  return row?.version;
}

/** Finds accounts by their ids, in no order. */
export async function findAccounts(tx: Tx, keys: KeyRing, ids: readonly string[]): Promise<readonly Account[]> {
  const rows = await tx.query<Row>(`select ${columns} from account where id = any ($1)`, [[...ids]]);
  return rows.map((row) => accountOf(row, keys));
}

/** Finds an account by the keyed hash of its address. */
export async function findAccountByEmail(tx: Tx, keys: KeyRing, emailIndex: Uint8Array): Promise<Account | undefined> {
  const [row] = await tx.query<Row>(`select ${columns} from account where email_index = $1`, [emailIndex]);
  return row === undefined ? undefined : accountOf(row, keys);
}

/** Stores a new account. */
export async function insertAccount(tx: Tx, keys: KeyRing, account: Account, emailIndex: Uint8Array): Promise<void> {
  await tx.query(
    `insert into account (${columns}, email_index) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [...valuesOf(account, keys), emailIndex],
  );
}

/** Stores an account's present values. */
export async function saveAccount(tx: Tx, keys: KeyRing, account: Account): Promise<void> {
  await tx.query(
    `update account set version = $2, state = $3, email = $4, password_hash = $5, display_name = $6, birth_date = $7,
       locale = $8, email_verify_time = $9, roles = $10, create_time = $11, update_time = $12 where id = $1`,
    valuesOf(account, keys),
  );
}

function valuesOf(account: Account, keys: KeyRing): unknown[] {
  return [
    account.id,
    account.version,
    account.state,
    keys.encrypt(account.email, contexts.email),
    account.passwordHash,
    keys.encrypt(account.displayName, contexts.displayName),
    keys.encrypt(account.birthDate.toString(), contexts.birthDate),
    account.locale,
    account.emailVerifyTime,
    [...account.roles],
    account.createTime,
    account.updateTime,
  ];
}

function accountOf(row: Row, keys: KeyRing): Account {
  return {
    id: row.id,
    version: row.version,
    state: row.state,
    email: openText(keys, row.email, contexts.email),
    passwordHash: row.password_hash,
    displayName: openText(keys, row.display_name, contexts.displayName),
    birthDate: Temporal.PlainDate.from(openText(keys, row.birth_date, contexts.birthDate)),
    locale: row.locale,
    emailVerifyTime: row.email_verify_time,
    roles: row.roles,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

/** Opens an encrypted text. */
export function openText(keys: KeyRing, sealed: Uint8Array, context: string): string {
  return Buffer.from(keys.decrypt(sealed, context)).toString();
}
