import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import {
  type Auth,
  guard,
  implement,
  localWorkloadIssuer,
  type Mounted,
  memoryCaller,
  platformAuth,
  tokenAudience,
  tokenIssuer,
  type WorkloadIssuer,
} from "@dawr/rpc";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** A platform in small: real tokens, really verified, and a service that answers what it is asked. */
export type EchoPlatform = { readonly mounted: Mounted; readonly auth: Auth; readonly workloads: WorkloadIssuer };

/** Says what went wrong, as nothing should. */
export const log = { error: (fields: object, message: string) => console.error(message, fields) };
const now = () => Temporal.Now.instant();

/** A person's access token, and the public key that proves it. */
export async function signedToken(): Promise<{ readonly userToken: string; readonly publicJwk: string }> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const userToken = await new SignJWT({ sid: "s1", roles: [] })
    .setProtectedHeader({ alg: "EdDSA", kid: "k1" })
    .setSubject("01890000-0000-7000-8000-000000000001")
    .setIssuer(tokenIssuer)
    .setAudience(tokenAudience)
    .setExpirationTime("1h")
    .sign(privateKey);
  return { userToken, publicJwk: JSON.stringify(await exportJWK(publicKey)) };
}

/** Makes the echo service with all interceptors around it. */
export async function echoPlatform(workloadKey: Uint8Array, publicJwk: string): Promise<EchoPlatform> {
  const workloads = localWorkloadIssuer(workloadKey, now);
  const keys = guard({
    service: "identity",
    errors: [],
    log,
    auth: { verifyUser: refuse, verifyWorkload: refuse, memberships: async () => [], revokeSession: () => undefined },
    implementations: [
      implement(KeyService, {
        listSigningKeys: () => ({ keys: [{ keyId: "k1", algorithm: "EdDSA", jwk: publicJwk }] }),
        listRevokedSessions: () => ({ sessions: [] }),
      }),
    ],
  });
  const caller = memoryCaller(() => [keys], { workload: "echo" });
  const auth = platformAuth({ caller, workloadKeys: workloads.verifier, now });
  const mounted = guard({
    service: "echo",
    errors: [],
    log,
    auth,
    implementations: [implement(EchoService, { echo })],
  });
  return { mounted, auth, workloads };
}

/** What the echo service answers, here and in the bare servers that it is compared with. */
export function echo(request: { readonly text: string; readonly number: number }) {
  return { text: request.text, number: request.number };
}

async function refuse(): Promise<never> {
  throw new Error("nobody asks for this here");
}
