import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Membership, MembershipSchema } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import {
  Account_State,
  type Account as AccountMessage,
  AccountSchema,
  Role,
  type Session,
  SessionSchema,
} from "@dawr/gen/dawr/identity/v1/account_pb.js";
import type { KeyRing } from "@dawr/store";
import { permissionsOf } from "../domain/permissions.ts";
import { accountName, sessionName } from "../names.ts";
import { type Account, openText } from "../store/accounts.ts";
import { contexts } from "../store/encrypted-columns.ts";
import type { MembershipRow } from "../store/memberships.ts";
import type { SessionRow } from "../store/sessions.ts";

/** An account as the contract has it, for its owner and for operators. */
export function accountToProto(account: Account): AccountMessage {
  const { year, month, day } = account.birthDate;
  return create(AccountSchema, {
    name: accountName(account.id),
    email: account.email,
    displayName: account.displayName,
    locale: account.locale,
    birthDate: { year, month, day },
    emailVerifyTime: timestamp(account.emailVerifyTime),
    roles: account.roles.map(roleOfToken),
    state: Account_State[account.state],
    createTime: timestamp(account.createTime),
    updateTime: timestamp(account.updateTime),
    etag: account.version.toString(),
  });
}

/** A session as the contract has it. */
export function sessionToProto(row: SessionRow, keys: KeyRing, currentSession: string | undefined): Session {
  const name = sessionName(row.account_id, row.id);
  return create(SessionSchema, {
    name,
    deviceName: openText(keys, row.device_name, contexts.deviceName),
    lastUseTime: timestamp(row.last_use_time),
    expireTime: timestamp(row.expire_time),
    ...(row.revoke_time === null ? {} : { revokeTime: timestamp(row.revoke_time) }),
    current: name === currentSession,
    createTime: timestamp(row.create_time),
  });
}

/** A membership as the contract has it. */
export function membershipToProto(row: MembershipRow): Membership {
  return create(MembershipSchema, {
    name: `providers/${row.provider_id}/members/${row.account_id}`,
    provider: `providers/${row.provider_id}`,
    account: accountName(row.account_id),
    role: Role[row.role],
    permissions: [...permissionsOf(row.role)],
    createTime: timestamp(row.create_time),
    updateTime: timestamp(row.update_time),
  });
}

/** An instant as the contract has it. */
export function timestamp(instant: Temporal.Instant) {
  return timestampFromMs(instant.epochMilliseconds);
}

/** A role of the contract as it stands in tokens and rows: "super-admin". */
export function roleToToken(role: Role): string {
  return (Role[role] ?? "").toLowerCase().replaceAll("_", "-");
}

function roleOfToken(text: string): Role {
  const found = Object.entries(Role).find(([name]) => name === text.toUpperCase().replaceAll("-", "_"))?.[1];
  return typeof found === "number" ? found : Role.UNSPECIFIED;
}
