import { AccessService } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { AccountService } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { AuthenticationService } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { DependentService } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { implement } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { followRevocations } from "./follow-revocations.ts";
import { importAccounts } from "./import-accounts.ts";
import { deliverMessage } from "./jobs/deliver-message.ts";
import { prune } from "./jobs/prune.ts";
import { createMember, grantRole, listMembers, listMemberships, removeMember, suspendAccount } from "./rpc/access.ts";
import { getAccount, listSessionsRpc, revokeSession, updateAccount } from "./rpc/account.ts";
import { dependentService } from "./rpc/dependents.ts";
import { errors } from "./rpc/errors.ts";
import {
  batchGetContacts,
  batchGetDependents,
  listAccountMemberships,
  listRevokedSessions,
  listSigningKeys,
} from "./rpc/key-service.ts";
import { logIn } from "./rpc/log-in.ts";
import { logOut } from "./rpc/log-out.ts";
import { refreshTokens } from "./rpc/refresh-tokens.ts";
import { register } from "./rpc/register.ts";
import { sendCode } from "./rpc/send-code.ts";
import { verifyContact } from "./rpc/verify-contact.ts";
import { encryptedColumns } from "./store/encrypted-columns.ts";
import { signingKeys } from "./tokens/signing-keys.ts";

/** Accounts, sessions, memberships and the keys of tokens. */
export const identity = defineService({
  name: "identity",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  encrypted: encryptedColumns,
  errors,
  start(host) {
    const { store, keys, now, newId, config: settings } = host;
    const rule = { use: settings.IDENTITY_KEY_USE, tokenLifetime: settings.IDENTITY_ACCESS_LIFETIME };
    const signing = signingKeys(store, keys, rule, now, newId);
    const deps: Deps = { store, keys, now, newId, enqueue: host.enqueue, settings, signing };
    const revocations = followRevocations(host, host.auth, settings.IDENTITY_ACCESS_LIFETIME);
    return {
      implementations: [
        implement(AuthenticationService, {
          register: register(deps),
          sendCode: sendCode(deps),
          verifyContact: verifyContact(deps),
          logIn: logIn(deps),
          refreshTokens: refreshTokens(deps),
          logOut: logOut(deps),
        }),
        implement(AccountService, {
          getAccount: getAccount(deps),
          updateAccount: updateAccount(deps),
          listSessions: listSessionsRpc(deps),
          revokeSession: revokeSession(deps),
        }),
        implement(DependentService, dependentService(deps)),
        implement(AccessService, {
          listMemberships: listMemberships(deps),
          listMembers: listMembers(deps),
          createMember: createMember(deps),
          removeMember: removeMember(deps),
          grantRole: grantRole(deps),
          suspendAccount: suspendAccount(deps),
        }),
        implement(KeyService, {
          listSigningKeys: listSigningKeys(deps),
          batchGetContacts: batchGetContacts(deps),
          batchGetDependents: batchGetDependents(deps),
          listAccountMemberships: listAccountMemberships(deps),
          listRevokedSessions: listRevokedSessions(deps),
        }),
      ],
      jobs: [
        deliverMessage(deps, host.client(DeliveryService)),
        { name: "rotate-signing-keys", schedule: "23 * * * *", run: () => signing.rotate() },
        prune(store, now),
      ],
      ready: () => revocations.start(),
      stop: async () => revocations.stop(),
    };
  },
  importResources: importAccounts,
});
