import { tokenAudience, tokenIssuer } from "@dawr/rpc";
import { SignJWT } from "jose";
import type { PrivateKey } from "./signing-keys.ts";

/** What an access token says. */
export type Claims = {
  /** "accounts/{a}" */
  readonly account: string;
  /** "accounts/{a}/sessions/{s}" */
  readonly session: string;
  readonly roles: readonly string[];
  readonly issueTime: Temporal.Instant;
  readonly expireTime: Temporal.Instant;
};

/** Signs an access token (RFC 7519) with the key in use. (ID-04) */
export async function signAccessToken(claims: Claims, key: PrivateKey): Promise<string> {
  return await new SignJWT({ sid: claims.session, roles: claims.roles })
    .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: "JWT" })
    .setIssuer(tokenIssuer)
    .setAudience(tokenAudience)
    .setSubject(claims.account)
    .setIssuedAt(seconds(claims.issueTime))
    .setExpirationTime(seconds(claims.expireTime))
    .sign(key.key);
}

function seconds(instant: Temporal.Instant): number {
  return Math.floor(instant.epochMilliseconds / 1000);
}
