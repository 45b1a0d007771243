import { create } from "@bufbuild/protobuf";
import { type Empty, EmptySchema } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { append } from "@dawr/events";
import {
  AccessService,
  type CreateMemberRequest,
  type GrantRoleRequest,
  type ListMembershipsRequest,
  type ListMembershipsResponse,
  ListMembershipsResponseSchema,
  type ListMembersRequest,
  type ListMembersResponse,
  ListMembersResponseSchema,
  type Membership,
  type RemoveMemberRequest,
  type SuspendAccountRequest,
} from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { type Account as AccountMessage, Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { MembershipChangedSchema, SessionsRevoked_Reason } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { callOf, invalid, PlatformError, requireActor } from "@dawr/rpc";
import { once, readPageToken, signPageToken, type Tx } from "@dawr/store";
import type { Deps } from "../deps.ts";
import { IdentityError } from "../domain/errors.ts";
import { operatorRoles } from "../domain/permissions.ts";
import { idOf, ownerIdOf } from "../names.ts";
import { findAccount, nextVersion, saveAccount } from "../store/accounts.ts";
import { channels } from "../store/channels.ts";
import {
  deleteMembership,
  listByAccount,
  listByProvider,
  lockMembers,
  type MembershipRow,
  putMembership,
} from "../store/memberships.ts";
import { accountToProto, membershipToProto, roleToToken } from "./account-to-proto.ts";
import { endSessions } from "./end-sessions.ts";

/** Lists what an account is at which providers. */
export const listMemberships =
  ({ store, keys }: Deps) =>
  async (request: ListMembershipsRequest): Promise<ListMembershipsResponse> => {
    const { parent } = request;
    const limit = request.pageSize === 0 ? 50 : request.pageSize;
    const after = readPageToken({ key: keys, query: { parent }, token: request.pageToken });
    const rows = await store.read((tx) =>
      listByAccount(tx, idOf(parent), typeof after === "string" ? after : undefined, limit + 1),
    );
    const page = rows.slice(0, limit);
    const cursor = rows.length > limit ? page.at(-1)?.provider_id : undefined;
    return create(ListMembershipsResponseSchema, {
      memberships: page.map(membershipToProto),
      nextPageToken: cursor === undefined ? "" : signPageToken({ key: keys, query: { parent }, cursor }),
    });
  };

/** Lists who is what at a provider. */
export const listMembers =
  ({ store, keys }: Deps) =>
  async (request: ListMembersRequest): Promise<ListMembersResponse> => {
    const { parent } = request;
    const limit = request.pageSize === 0 ? 50 : request.pageSize;
    const after = readPageToken({ key: keys, query: { parent }, token: request.pageToken });
    const rows = await store.read((tx) =>
      listByProvider(tx, idOf(parent), typeof after === "string" ? after : undefined, limit + 1),
    );
    const page = rows.slice(0, limit);
    const cursor = rows.length > limit ? page.at(-1)?.account_id : undefined;
    return create(ListMembersResponseSchema, {
      memberships: page.map(membershipToProto),
      nextPageToken: cursor === undefined ? "" : signPageToken({ key: keys, query: { parent }, cursor }),
    });
  };

/** Makes an account a member of a provider, or gives a member another role; the last owner stays one. (ID-07) */
export const createMember =
  ({ store, keys, now }: Deps) =>
  async (request: CreateMemberRequest, context: HandlerContext): Promise<Membership> => {
    const { actor, workload } = callOf(context);
    const by = actor?.account ?? `services/${workload ?? ""}`;
    const wished = request.membership;
    if (wished === undefined) throw invalid("membership");
    return await once(store, { actor: by, method: AccessService.method.createMember, request }, async (tx) => {
      const [providerId, accountId] = [idOf(request.parent), idOf(wished.account)];
      if ((await findAccount(tx, keys, accountId)) === undefined)
        throw new PlatformError("NOT_FOUND", { name: wished.account });
      const role = wished.role === Role.PROVIDER ? "PROVIDER" : "STAFF";
      const members = await lockMembers(tx, providerId);
      if (role === "STAFF") requireOtherOwner(members, accountId);
      const row = await putMembership(tx, providerId, accountId, role, now());
      await tellOfMembership(tx, row, false);
      return membershipToProto(row);
    });
  };

/** Removes a member; the last owner stays. */
export const removeMember =
  ({ store }: Deps) =>
  async (request: RemoveMemberRequest, context: HandlerContext): Promise<Empty> => {
    const call = { actor: requireActor(context).account, method: AccessService.method.removeMember, request };
    return await once(store, call, async (tx) => {
      const [providerId, accountId] = [ownerIdOf(request.name), idOf(request.name)];
      const members = await lockMembers(tx, providerId);
      const member = members.find((candidate) => candidate.account_id === accountId);
      if (member === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
      requireOtherOwner(members, accountId);
      await deleteMembership(tx, providerId, accountId);
      await tellOfMembership(tx, member, true);
      return create(EmptySchema);
    });
  };

/** Grants a platform-wide role; those of operators only when a super-admin asks. Tokens with the old roles end. (ID-07) */
export const grantRole =
  (deps: Deps) =>
  async (request: GrantRoleRequest, context: HandlerContext): Promise<AccountMessage> => {
    const actor = requireActor(context);
    const role = roleToToken(request.role);
    if (operatorRoles.has(role) && !actor.roles.includes("super-admin")) throw new IdentityError("ROLE_NOT_GRANTABLE");
    return await once(
      deps.store,
      { actor: actor.account, method: AccessService.method.grantRole, request },
      async (tx) => {
        const account = await requireAccount(tx, deps, request.name);
        const changed = { ...account, roles: [...new Set([...account.roles, role])], updateTime: deps.now() };
        await saveAccount(tx, deps.keys, changed);
        await endSessions(tx, deps, account.id, undefined, SessionsRevoked_Reason.ROLES_CHANGED);
        return accountToProto(await requireAccount(tx, deps, request.name));
      },
    );
  };

/** Suspends an account: its sessions end and nobody logs in to it. */
export const suspendAccount =
  (deps: Deps) =>
  async (request: SuspendAccountRequest, context: HandlerContext): Promise<AccountMessage> => {
    const actor = requireActor(context);
    return await once(
      deps.store,
      { actor: actor.account, method: AccessService.method.suspendAccount, request },
      async (tx) => {
        const account = await requireAccount(tx, deps, request.name);
        if (account.state === "ERASED") throw new IdentityError("ACCOUNT_STATE_WRONG", { state: account.state });
        // Operators do not suspend each other: that is a super-admin's.
        const isOperator = account.roles.some((role) => operatorRoles.has(role));
        if (isOperator && !actor.roles.includes("super-admin")) throw new IdentityError("ROLE_NOT_GRANTABLE");
        await saveAccount(tx, deps.keys, { ...account, state: "SUSPENDED", updateTime: deps.now() });
        await endSessions(tx, deps, account.id, undefined, SessionsRevoked_Reason.ACCOUNT_SUSPENDED);
        return accountToProto(await requireAccount(tx, deps, request.name));
      },
    );
  };

async function requireAccount(tx: Tx, deps: Deps, name: string) {
  const account = await findAccount(tx, deps.keys, idOf(name), "lock");
  if (account === undefined) throw new PlatformError("NOT_FOUND", { name });
  return account;
}

function requireOtherOwner(members: readonly MembershipRow[], accountId: string): void {
  const isOwner = members.some((member) => member.account_id === accountId && member.role === "PROVIDER");
  const hasOther = members.some((member) => member.account_id !== accountId && member.role === "PROVIDER");
  if (isOwner && !hasOther) throw new IdentityError("LAST_OWNER");
}

async function tellOfMembership(tx: Tx, row: MembershipRow, removed: boolean): Promise<void> {
  const membership = membershipToProto(row);
  // The account's version: a membership that ends and begins anew would count from one again by itself.
  const sequence = await nextVersion(tx, row.account_id);
  if (sequence === undefined) throw new PlatformError("NOT_FOUND", { name: membership.account });
  append(tx, [
    {
      schema: MembershipChangedSchema,
      subject: membership.name,
      // One key for each membership, since each event carries one whole.
      key: `${row.provider_id}/${row.account_id}`,
      sequence,
      message: create(MembershipChangedSchema, { membership, removed }),
    },
  ]);
  tx.notify(channels.membershipsChanged, row.account_id);
}
