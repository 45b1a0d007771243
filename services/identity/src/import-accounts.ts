import { isMessage, type Message } from "@bufbuild/protobuf";
import { type Membership, MembershipSchema } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { RegisterRequestSchema } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { DependentSchema } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import type { Host } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import type { config } from "./config.ts";
import { emailIndexOf } from "./deps.ts";
import { idOf, ownerIdOf, parseDependentName } from "./names.ts";
import { hashPassword } from "./passwords/hash.ts";
import { findAccountByEmail, insertAccount } from "./store/accounts.ts";
import { findDependent, insertDependent } from "./store/dependents.ts";
import { putMemberships } from "./store/memberships.ts";

/**
 * Makes verified accounts of registrations (their request id becomes the account's id) and loads their dependents and
 * memberships: the people of the demo market.
 */
export async function importAccounts(tx: Tx, resources: readonly Message[], host: Host<typeof config>): Promise<void> {
  const { keys, now } = host;
  for (const resource of resources) {
    if (!isMessage(resource, RegisterRequestSchema)) continue;
    const emailIndex = emailIndexOf(keys, resource.email);
    if ((await findAccountByEmail(tx, keys, emailIndex)) !== undefined) continue;
    const { year = 1990, month = 1, day = 1 } = resource.birthDate ?? {};
    const account = {
      id: resource.requestId,
      version: 1n,
      state: "ACTIVE" as const,
      email: resource.email,
      passwordHash: await hashPassword(resource.password),
      displayName: resource.displayName,
      birthDate: Temporal.PlainDate.from({ year, month, day }),
      locale: resource.locale,
      emailVerifyTime: now(),
      roles: ["customer"],
      createTime: now(),
      updateTime: now(),
    };
    await insertAccount(tx, keys, account, emailIndex);
  }
  for (const resource of resources) {
    if (!isMessage(resource, DependentSchema)) continue;
    const key = parseDependentName(resource.name);
    if ((await findDependent(tx, keys, key)) !== undefined) continue;
    const at = now();
    await insertDependent(tx, keys, { ...key, version: 1n, content: resource, createTime: at, updateTime: at });
  }
  const memberships = resources.filter((resource): resource is Membership => isMessage(resource, MembershipSchema));
  const members = memberships.map(({ name, role }) => ({
    providerId: ownerIdOf(name),
    accountId: idOf(name),
    role: role === Role.PROVIDER ? ("PROVIDER" as const) : ("STAFF" as const),
  }));
  // One statement changes a row once: of a membership given twice the last counts.
  const distinct = new Map(members.map((member) => [`${member.providerId}/${member.accountId}`, member]));
  await putMemberships(tx, [...distinct.values()], now());
}
