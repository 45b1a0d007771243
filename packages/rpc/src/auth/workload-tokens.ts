import { jwtVerify, SignJWT } from "jose";
import { PlatformError } from "../errors/platform-error.ts";

/** Tells which service a workload token belongs to; throws TOKEN_INVALID. */
export type WorkloadKeys = {
  verify(token: string): Promise<string>;
  /** What verify would answer, where that is known already. */
  known?(token: string): string | undefined;
};

/** Issues workload tokens. */
export type WorkloadIssuer = {
  /** A token for a service, the same one until it is near its end. */
  token(service: string): Promise<string>;
  readonly verifier: WorkloadKeys;
};

const issuer = "dawr-local";
const audience = "dawr-workload";
const lifetimeMs = 600_000;
// Services prove themselves with each call; a second look at the same token every few seconds is enough.
const verifiedForMs = 15_000;
const verifiedLimit = 1000;

/** Issues and verifies workload tokens on one machine, by a secret of at least 32 bytes that only its processes know. */
export function localWorkloadIssuer(key: Uint8Array, now: () => Temporal.Instant): WorkloadIssuer {
  if (key.byteLength < 32) throw new Error("a workload key has at least 32 bytes");
  const issued = new Map<string, { readonly token: string; readonly renewAtMs: number }>();
  const verified = new Map<string, { readonly service: string; readonly untilMs: number }>();

  async function issue(service: string, nowMs: number): Promise<string> {
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(service)
      .setExpirationTime(Math.floor((nowMs + lifetimeMs) / 1000))
      .sign(key);
    issued.set(service, { token, renewAtMs: nowMs + lifetimeMs / 2 });
    return token;
  }

  function known(token: string): string | undefined {
    const entry = verified.get(token);
    return entry !== undefined && entry.untilMs > performance.now() ? entry.service : undefined;
  }

  async function verify(token: string): Promise<string> {
    const service = known(token);
    if (service !== undefined) return service;
    const { payload } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: ["HS256"],
      requiredClaims: ["sub", "exp"],
      currentDate: new Date(now().epochMilliseconds),
    }).catch((error: unknown) => {
      throw new PlatformError("TOKEN_INVALID", {}, { cause: error });
    });
    const { sub = "" } = payload;
    if (verified.size >= verifiedLimit) verified.clear();
    verified.set(token, { service: sub, untilMs: performance.now() + verifiedForMs });
    return sub;
  }

  return {
    async token(service) {
      const nowMs = now().epochMilliseconds;
      const last = issued.get(service);
      return last !== undefined && nowMs < last.renewAtMs ? last.token : issue(service, nowMs);
    },
    verifier: { verify, known },
  };
}
