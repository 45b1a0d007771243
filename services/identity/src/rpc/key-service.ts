import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type BatchGetContactsRequest,
  type BatchGetContactsResponse,
  BatchGetContactsResponseSchema,
  type BatchGetDependentsRequest,
  type BatchGetDependentsResponse,
  BatchGetDependentsResponseSchema,
  type ContactSchema,
  type DependentSummarySchema,
  type ListAccountMembershipsRequest,
  type ListAccountMembershipsResponse,
  ListAccountMembershipsResponseSchema,
  type ListRevokedSessionsResponse,
  ListRevokedSessionsResponseSchema,
  type ListSigningKeysResponse,
  ListSigningKeysResponseSchema,
} from "@dawr/gen/dawr/identity/v1/key_pb.js";
import type { Deps } from "../deps.ts";
import { accountName, dependentName, idOf, parseDependentName, sessionName } from "../names.ts";
import { findAccounts } from "../store/accounts.ts";
import { findDependents } from "../store/dependents.ts";
import { listByAccount } from "../store/memberships.ts";
import { listRevoked } from "../store/sessions.ts";
import { membershipToProto, timestamp } from "./account-to-proto.ts";

const mostMemberships = 1_000;

/** Lists the public keys of access tokens. (ID-04) */
export const listSigningKeys =
  ({ signing }: Deps) =>
  async (): Promise<ListSigningKeysResponse> => {
    const keys = await signing.published();
    return create(ListSigningKeysResponseSchema, {
      keys: keys.map((key) => ({
        keyId: key.id,
        algorithm: key.algorithm,
        jwk: JSON.stringify(key.jwk),
        createTime: timestamp(key.createTime),
        expireTime: timestamp(key.expireTime),
      })),
    });
  };

/** Gets what is needed to write to people, in the order asked. */
export const batchGetContacts =
  ({ store, keys }: Deps) =>
  async (request: BatchGetContactsRequest): Promise<BatchGetContactsResponse> => {
    const accounts = await store.read((tx) => findAccounts(tx, keys, request.accounts.map(idOf)));
    const byName = new Map(accounts.map((account) => [accountName(account.id), account]));
    return create(BatchGetContactsResponseSchema, {
      contacts: request.accounts.flatMap((name): MessageInitShape<typeof ContactSchema>[] => {
        const account = byName.get(name);
        if (account === undefined) return [];
        if (account.state === "ERASED") return [{ account: name, locale: account.locale, erased: true }];
        const { year, month, day } = account.birthDate;
        return [
          {
            account: name,
            displayName: account.displayName,
            email: account.email,
            emailVerified: true,
            locale: account.locale,
            birthDate: { year, month, day },
          },
        ];
      }),
    });
  };

/** Gets what a booking needs to know of dependents, in the order asked. (BK-06) */
export const batchGetDependents =
  ({ store, keys }: Deps) =>
  async (request: BatchGetDependentsRequest): Promise<BatchGetDependentsResponse> => {
    const found = await store.read((tx) => findDependents(tx, keys, request.names.map(parseDependentName)));
    const byName = new Map(found.map((dependent) => [dependentName(dependent), dependent.content]));
    return create(BatchGetDependentsResponseSchema, {
      dependents: request.names.flatMap((dependent): MessageInitShape<typeof DependentSummarySchema>[] => {
        const content = byName.get(dependent);
        if (content === undefined) return [];
        const { kind, displayName, birthDate, species, breed } = content;
        return [{ dependent, kind, displayName, species, breed, ...(birthDate === undefined ? {} : { birthDate }) }];
      }),
    });
  };

/** Lists all memberships of an account, for the access rule. */
export const listAccountMemberships =
  ({ store }: Deps) =>
  async (request: ListAccountMembershipsRequest): Promise<ListAccountMembershipsResponse> => {
    const rows = await store.read((tx) => listByAccount(tx, idOf(request.parent), undefined, mostMemberships));
    return create(ListAccountMembershipsResponseSchema, { memberships: rows.map(membershipToProto) });
  };

/** Lists the sessions whose access tokens may still live although they are revoked. */
export const listRevokedSessions =
  ({ store, now, settings }: Deps) =>
  async (): Promise<ListRevokedSessionsResponse> => {
    const lifetime = settings.IDENTITY_ACCESS_LIFETIME;
    const rows = await store.read((tx) => listRevoked(tx, now().subtract(lifetime)));
    return create(ListRevokedSessionsResponseSchema, {
      sessions: rows.map((row) => ({
        session: sessionName(row.account_id, row.id),
        tokenExpireTime: timestamp(row.revoke_time.add(lifetime)),
      })),
    });
  };
