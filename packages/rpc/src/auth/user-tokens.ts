import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Actor } from "../call/actor.ts";
import { PlatformError } from "../errors/platform-error.ts";
import { TokenCache } from "./token-cache.ts";

/** Who signs the platform's access tokens, and for whom. */
export const tokenIssuer = "dawr-identity";
export const tokenAudience = "dawr";
/** The only algorithms that access tokens are taken with. */
export const tokenAlgorithms = ["EdDSA", "Ed25519", "ES256"];

export type UserTokensOptions = {
  /** Asks for the issuer's present public keys. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  readonly now: () => Temporal.Instant;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Keys are asked for again after this time, 300,000 by default … */
  readonly maxKeyAgeMs?: number | undefined;
  /** … and for a key that nobody knows at most this often, 5,000 by default. */
  readonly minKeyAgeMs?: number | undefined;
};

/** Verifies access tokens; `known` answers at once for those that were verified before. */
export type UserTokens = {
  known(token: string): Actor | undefined;
  verify(token: string): Promise<Actor>;
};

/** Makes the verifier of access tokens, which throws TOKEN_INVALID, TOKEN_EXPIRED, or UNAVAILABLE while the issuer's keys cannot be had. */
export function userTokens(options: UserTokensOptions): UserTokens {
  const { now, issuer = tokenIssuer, audience = tokenAudience } = options;
  const cache = new TokenCache<Actor>();
  const getKey = keySet(options);

  async function verify(token: string, nowMs: number): Promise<Actor> {
    const { payload } = await jwtVerify(token, getKey, {
      issuer,
      audience,
      algorithms: tokenAlgorithms,
      requiredClaims: ["sub", "sid", "exp"],
      currentDate: new Date(nowMs),
    }).catch((error: unknown) => {
      throw refusalOf(error);
    });
    const actor = actorOf(payload, token);
    if (payload.exp !== undefined) cache.set(token, actor, payload.exp * 1000);
    return actor;
  }

  return {
    known: (token) => cache.get(token, now().epochMilliseconds),
    async verify(token) {
      const nowMs = now().epochMilliseconds;
      return cache.get(token, nowMs) ?? verify(token, nowMs);
    },
  };
}

function actorOf(payload: JWTPayload, token: string): Actor {
  const { sub = "", sid, roles } = payload;
  if (typeof sid !== "string" || sub === "") throw new PlatformError("TOKEN_INVALID");
  return {
    account: sub.startsWith("accounts/") ? sub : `accounts/${sub}`,
    session: sid,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
    token,
  };
}

function refusalOf(error: unknown): unknown {
  if (error instanceof PlatformError) return error;
  if (error instanceof errors.JWTExpired) return new PlatformError("TOKEN_EXPIRED", {}, { cause: error });
  return error instanceof errors.JOSEError ? new PlatformError("TOKEN_INVALID", {}, { cause: error }) : error;
}

/** The issuer's keys: kept, renewed with age, and asked for once more when a token names one that is not among them. */
function keySet(options: UserTokensOptions): JWTVerifyGetKey {
  const { fetchKeys, now, maxKeyAgeMs = 300_000, minKeyAgeMs = 5_000 } = options;
  let known: { readonly find: JWTVerifyGetKey; readonly atMs: number } | undefined;
  let pending: Promise<JWTVerifyGetKey> | undefined;

  async function fetchAll(): Promise<JWTVerifyGetKey> {
    try {
      const find = createLocalJWKSet(await fetchKeys());
      known = { find, atMs: now().epochMilliseconds };
      return find;
    } catch (error) {
      // Keys that are known stay good while the issuer is away.
      if (known !== undefined) return known.find;
      throw new PlatformError("UNAVAILABLE", {}, { cause: error });
    }
  }

  function renewed(): Promise<JWTVerifyGetKey> {
    pending ??= fetchAll().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  return async (header, token) => {
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : Math.abs(now().epochMilliseconds - known.atMs);
    const find = known === undefined || ageMs > maxKeyAgeMs ? await renewed() : known.find;
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || ageMs < minKeyAgeMs) throw error;
      return (await renewed())(header, token);
    }
  };
}
