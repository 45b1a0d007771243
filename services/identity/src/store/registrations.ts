import type { KeyRing, Tx } from "@dawr/store";
import { openText } from "./accounts.ts";
import { contexts } from "./encrypted-columns.ts";

/** Somebody's wish to register, until a code proves that the address is theirs. */
export type Registration = {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly displayName: string;
  readonly birthDate: Temporal.PlainDate;
  readonly locale: string;
};

type Row = {
  readonly id: string;
  readonly email: Uint8Array;
  readonly password_hash: string;
  readonly display_name: Uint8Array;
  readonly birth_date: Uint8Array;
  readonly locale: string;
  readonly code_hash: Uint8Array;
};

/** Stores a registration with the keyed hash of its code. */
export async function insertRegistration(
  tx: Tx,
  keys: KeyRing,
  registration: Registration,
  secrets: { readonly emailIndex: Uint8Array; readonly codeHash: Uint8Array; readonly expireTime: Temporal.Instant },
): Promise<void> {
  await tx.query(
    `insert into registration (id, email, email_index, password_hash, display_name, birth_date, locale, code_hash, expire_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      registration.id,
      keys.encrypt(registration.email, contexts.email),
      secrets.emailIndex,
      registration.passwordHash,
      keys.encrypt(registration.displayName, contexts.displayName),
      keys.encrypt(registration.birthDate.toString(), contexts.birthDate),
      registration.locale,
      secrets.codeHash,
      secrets.expireTime,
    ],
  );
}

/**
 * Answers a registration when the code is its own; a wrong one counts, and after so many none fits any more. Codes of other registrations of the
 * same address do not fit: a stranger who registers somebody's address cannot have their password confirmed.
 */
export async function tryRegistrationCode(
  tx: Tx,
  keys: KeyRing,
  wanted: { readonly id: string; readonly emailIndex: Uint8Array },
  matches: (codeHash: Uint8Array) => boolean,
  limits: { readonly attempts: number; readonly at: Temporal.Instant },
): Promise<Registration | undefined> {
  const [row] = await tx.query<Row>(
    `select id, email, password_hash, display_name, birth_date, locale, code_hash from registration
     where id = $1 and email_index = $2 and expire_time > $3 and attempts < $4 for update`,
    [wanted.id, wanted.emailIndex, limits.at, limits.attempts],
  );
  if (row === undefined) return undefined;
  if (!matches(row.code_hash)) {
    await tx.query("update registration set attempts = attempts + 1 where id = $1", [row.id]);
    return undefined;
  }
  return {
    id: row.id,
    email: openText(keys, row.email, contexts.email),
    passwordHash: row.password_hash,
    displayName: openText(keys, row.display_name, contexts.displayName),
    birthDate: Temporal.PlainDate.from(openText(keys, row.birth_date, contexts.birthDate)),
    locale: row.locale,
  };
}

/** The hashed password of the latest live registration of an address. */
export async function latestPassword(
  tx: Tx,
  emailIndex: Uint8Array,
  at: Temporal.Instant,
): Promise<string | undefined> {
  const [row] = await tx.query<{ password_hash: string }>(
    "select password_hash from registration where email_index = $1 and expire_time > $2 order by expire_time desc, id desc limit 1",
    [emailIndex, at],
  );
  return row?.password_hash;
}

/** Finds a registration of an address that is kept still, whether or not its code has ended. */
export async function findRegistration(
  tx: Tx,
  keys: KeyRing,
  wanted: { readonly id: string; readonly emailIndex: Uint8Array },
): Promise<Pick<Registration, "id" | "displayName" | "locale"> | undefined> {
  const [row] = await tx.query<Pick<Row, "id" | "display_name" | "locale">>(
    "select id, display_name, locale from registration where id = $1 and email_index = $2",
    [wanted.id, wanted.emailIndex],
  );
  if (row === undefined) return undefined;
  return { id: row.id, displayName: openText(keys, row.display_name, contexts.displayName), locale: row.locale };
}

/** Gives a registration a new code. */
export async function renewRegistrationCode(
  tx: Tx,
  id: string,
  codeHash: Uint8Array,
  expireTime: Temporal.Instant,
): Promise<void> {
  await tx.query("update registration set code_hash = $2, expire_time = $3, attempts = 0 where id = $1", [
    id,
    codeHash,
    expireTime,
  ]);
}

/** Removes all registrations of an address, since one of them becomes an account; answers their ids. */
export async function deleteRegistrations(tx: Tx, emailIndex: Uint8Array): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>("delete from registration where email_index = $1 returning id", [
    emailIndex,
  ]);
  return rows.map(({ id }) => id);
}
