import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import type { JWK } from "jose";
import type { Actor } from "../call/actor.ts";
import type { Caller } from "../client/caller.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { Auth } from "../guard/auth.ts";
import { DeniedSessions } from "./denied-sessions.ts";
import { membershipCache } from "./memberships.ts";
import { userTokens } from "./user-tokens.ts";
import type { WorkloadKeys } from "./workload-tokens.ts";

export type PlatformAuthOptions = {
  /** Reaches identity's KeyService. */
  readonly caller: Caller;
  readonly workloadKeys: WorkloadKeys;
  readonly now: () => Temporal.Instant;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
};

/** Auth as services have it; events about memberships and sessions keep it fresh. */
export type PlatformAuth = Auth & {
  /** Asks identity anew about a person's memberships (or everybody's) at their next call. */
  forgetMemberships(account?: string): void;
};

/** Proves callers by identity's signing keys, and asks identity where people work. */
export function platformAuth({ caller, workloadKeys, now, issuer, audience }: PlatformAuthOptions): PlatformAuth {
  const identity = caller.client(KeyService);
  const denied = new DeniedSessions();
  let areRevocationsKnown = false;

  /** A replica that starts has missed the broadcasts before it. */
  async function loadRevocations(): Promise<void> {
    if (areRevocationsKnown) return;
    const { sessions } = await identity.listRevokedSessions({});
    for (const { session, tokenExpireTime } of sessions) {
      if (tokenExpireTime === undefined) continue;
      denied.deny(session, Temporal.Instant.fromEpochMilliseconds(timestampMs(tokenExpireTime)), now());
    }
    areRevocationsKnown = true;
  }

  const tokens = userTokens({
    now,
    issuer,
    audience,
    async fetchKeys() {
      const [{ keys }] = await Promise.all([identity.listSigningKeys({}), loadRevocations()]);
      return { keys: keys.map(({ jwk, keyId, algorithm }) => ({ ...parseJwk(jwk), kid: keyId, alg: algorithm })) };
    },
  });

  function admitted(actor: Actor): Actor {
    if (denied.has(actor.session)) throw new PlatformError("TOKEN_INVALID");
    return actor;
  }

  const memberships = membershipCache(async (account) => {
    const answer = await identity.listAccountMemberships({ parent: account });
    return answer.memberships.map(({ provider, role, permissions }) => ({ provider, role: Role[role], permissions }));
  });

  return {
    verifyUser: async (token) => admitted(await tokens.verify(token)),
    knownUser(token) {
      const actor = tokens.known(token);
      return actor === undefined ? undefined : admitted(actor);
    },
    knownWorkload: (token) => workloadKeys.known?.(token),
    verifyWorkload: (token) => workloadKeys.verify(token),
    memberships: (account) => memberships.of(account),
    revokeSession: (id, until) => denied.deny(id, until, now()),
    forgetMemberships: (account) => memberships.forget(account),
  };
}

function parseJwk(text: string): JWK {
  const jwk: unknown = JSON.parse(text);
  if (typeof jwk !== "object" || jwk === null || !("kty" in jwk) || typeof jwk.kty !== "string") {
    throw new Error("identity published a key that is no JWK");
  }
  return { ...jwk, kty: jwk.kty };
}
