import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type Account as AccountMessage,
  AccountService,
  type GetAccountRequest,
  type ListSessionsRequest,
  type ListSessionsResponse,
  ListSessionsResponseSchema,
  type RevokeSessionRequest,
  type Session,
  type UpdateAccountRequest,
} from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { SessionsRevoked_Reason } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { callOf, invalid, PlatformError, requireActor } from "@dawr/rpc";
import { once, readPageToken, signPageToken } from "@dawr/store";
import type { Deps } from "../deps.ts";
import { idOf, ownerIdOf } from "../names.ts";
import { findAccount, saveAccount } from "../store/accounts.ts";
import { findSession, listSessions } from "../store/sessions.ts";
import { accountToProto, sessionToProto } from "./account-to-proto.ts";
import { endSessions } from "./end-sessions.ts";

/** Gets an account. */
export const getAccount =
  ({ store, keys }: Deps) =>
  async (request: GetAccountRequest): Promise<AccountMessage> => {
    const account = await store.read((tx) => findAccount(tx, keys, idOf(request.name)));
    if (account === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
    return accountToProto(account);
  };

/** Changes name and language of an account. */
export const updateAccount =
  ({ store, keys, now }: Deps) =>
  async (request: UpdateAccountRequest, context: HandlerContext): Promise<AccountMessage> => {
    const wished = request.account;
    if (wished === undefined) throw invalid("account");
    const call = { actor: requireActor(context).account, method: AccountService.method.updateAccount, request };
    return await once(store, call, async (tx) => {
      const before = await findAccount(tx, keys, idOf(wished.name), "lock");
      if (before === undefined) throw new PlatformError("NOT_FOUND", { name: wished.name });
      if (wished.etag !== "" && wished.etag !== before.version.toString())
        throw new PlatformError("ETAG_MISMATCH", { name: wished.name });
      const paths = new Set(request.updateMask?.paths ?? []);
      const changes = (path: string, value: string) => (paths.size === 0 ? value !== "" : paths.has(path));
      // Neither may become nothing: somebody must be called something, in some language.
      const emptied = [
        ...(paths.has("display_name") && wished.displayName === "" ? ["account.displayName"] : []),
        ...(paths.has("locale") && wished.locale === "" ? ["account.locale"] : []),
      ];
      if (emptied.length > 0) throw invalid(emptied);
      const after = {
        ...before,
        displayName: changes("display_name", wished.displayName) ? wished.displayName : before.displayName,
        locale: changes("locale", wished.locale) ? wished.locale : before.locale,
        version: before.version + 1n,
        updateTime: now(),
      };
      await saveAccount(tx, keys, after);
      return accountToProto(after);
    });
  };

/** Lists the sessions of an account, the latest first. (ID-04) */
export const listSessionsRpc =
  ({ store, keys }: Deps) =>
  async (request: ListSessionsRequest, context: HandlerContext): Promise<ListSessionsResponse> => {
    const { parent, pageToken, pageSize } = request;
    const limit = pageSize === 0 ? 50 : pageSize;
    const cursor = readPageToken({ key: keys, query: { parent }, token: pageToken });
    const rows = await store.read((tx) => listSessions(tx, idOf(parent), cursorOf(cursor), limit + 1));
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? { createTime: last.create_time, id: last.id } : undefined;
    const current = callOf(context).actor?.session;
    return create(ListSessionsResponseSchema, {
      sessions: page.map((row) => sessionToProto(row, keys, current)),
      nextPageToken: next === undefined ? "" : signPageToken({ key: keys, query: { parent }, cursor: next }),
    });
  };

/** Ends a session; its access tokens are refused within seconds. (ID-04) */
export const revokeSession =
  (deps: Deps) =>
  async (request: RevokeSessionRequest, context: HandlerContext): Promise<Session> => {
    const { store, keys } = deps;
    const actor = requireActor(context);
    return await once(
      store,
      { actor: actor.account, method: AccountService.method.revokeSession, request },
      async (tx) => {
        const accountId = ownerIdOf(request.name);
        await endSessions(tx, deps, accountId, idOf(request.name), SessionsRevoked_Reason.REVOKED);
        const session = await findSession(tx, accountId, idOf(request.name));
        if (session === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
        return sessionToProto(session, keys, actor.session);
      },
    );
  };

function cursorOf(cursor: unknown): { readonly createTime: Temporal.Instant; readonly id: string } | undefined {
  if (typeof cursor !== "object" || cursor === null || !("createTime" in cursor) || !("id" in cursor)) return undefined;
  const { createTime, id } = cursor;
  return createTime instanceof Temporal.Instant && typeof id === "string" ? { createTime, id } : undefined;
}
