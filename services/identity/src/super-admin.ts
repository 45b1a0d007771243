import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { type Env, parseConfig } from "@dawr/config";
import { RegisterRequestSchema } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { SessionsRevoked_Reason } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import type { KeyRing, Store } from "@dawr/store";
import { config } from "./config.ts";
import { emailIndexOf } from "./deps.ts";
import { tellOfRegistration } from "./events/tell-of-registration.ts";
import { accountName } from "./names.ts";
import { hashPassword } from "./passwords/hash.ts";
import { requireStrongPassword } from "./passwords/strength.ts";
import { endSessions } from "./rpc/end-sessions.ts";
import { type Account, findAccount, findAccountByEmail, insertAccount, saveAccount } from "./store/accounts.ts";
import { lockAddress } from "./store/failures.ts";
import { deleteRegistrations } from "./store/registrations.ts";

/** What the command works with: identity's own store and keys. */
export type AdminDeps = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly now: () => Temporal.Instant;
  readonly newId: () => string;
  readonly env: Env;
};

const role = "super-admin";
// Nobody asks an operator's age; the account must have some day of birth.
const birthDate = Temporal.PlainDate.from("1970-01-01");

/**
 * Gives the account of an address the role of super-admin; its sessions end, as for every change of roles. Answers its name,
 * or undefined when the address has no account. (ID-07)
 */
export async function promoteToSuperAdmin(deps: AdminDeps, email: string): Promise<string | undefined> {
  const { store, keys, now, env } = deps;
  const settings = parseConfig(config, env);
  return await store.transaction(async (tx) => {
    const known = await findAccountByEmail(tx, keys, emailIndexOf(keys, email));
    const account = known === undefined ? undefined : await findAccount(tx, keys, known.id, "lock");
    if (account === undefined) return undefined;
    if (!account.roles.includes(role) || account.state !== "ACTIVE") {
      const roles = [...new Set([...account.roles, role])];
      await saveAccount(tx, keys, { ...account, state: "ACTIVE", roles, updateTime: now() });
      await endSessions(tx, { now, settings }, account.id, undefined, SessionsRevoked_Reason.ROLES_CHANGED);
    }
    return accountName(account.id);
  });
}

/** Who is to be a super-admin. */
export type Administrator = { readonly email: string; readonly displayName: string };

/** Throws RangeError, in words for the person who typed it, for an address or a name that the contract does not take. */
export function requireAddressAndName(who: Administrator): void {
  requireValid({ ...who, password: "x".repeat(20) });
}

/** The same for a new password, besides IdentityError PASSWORD_WEAK and PASSWORD_LEAKED. (ID-01) */
export async function requireNewPassword(password: string, who: Administrator): Promise<void> {
  requireValid({ ...who, password });
  await requireStrongPassword(password, [who.email, who.displayName]);
}

/**
 * Makes the account of a super-admin, whose address counts as proven; answers its name. Refuses what requireAddressAndName
 * and requireNewPassword do. (ID-07)
 */
export async function createSuperAdmin(
  deps: AdminDeps,
  { password, ...who }: Administrator & { readonly password: string },
): Promise<string> {
  const { store, keys, now, newId } = deps;
  const { email, displayName } = who;
  await requireNewPassword(password, who);
  const at = now();
  const account: Account = {
    id: newId(),
    version: 2n,
    state: "ACTIVE",
    email,
    passwordHash: await hashPassword(password),
    displayName,
    birthDate,
    locale: "en",
    emailVerifyTime: at,
    roles: ["customer", role],
    createTime: at,
    updateTime: at,
  };
  const emailIndex = emailIndexOf(keys, email);
  await store.transaction(async (tx) => {
    await lockAddress(tx, emailIndex);
    await deleteRegistrations(tx, emailIndex);
    await insertAccount(tx, keys, account, emailIndex);
    await tellOfRegistration(tx, account);
  });
  return accountName(account.id);
}

function requireValid(person: Administrator & { readonly password: string }): void {
  const { year, month, day } = birthDate;
  const request = create(RegisterRequestSchema, {
    ...person,
    birthDate: { year, month, day },
    requestId: randomUUID(),
  });
  const { violations } = createValidator().validate(RegisterRequestSchema, request);
  const [first] = violations ?? [];
  if (first === undefined) return;
  const [field] = first.field;
  const name = field?.kind === "field" ? field.localName : "";
  throw new RangeError(`${asked.get(name) ?? name} ${first.message}`);
}

/** What people call the fields. */
const asked: ReadonlyMap<string, string> = new Map([
  ["email", "the e-mail address"],
  ["password", "the password"],
  ["displayName", "the name"],
]);
