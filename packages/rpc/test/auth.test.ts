import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import {
  guard,
  implement,
  localWorkloadIssuer,
  memoryCaller,
  type PlatformAuth,
  platformAuth,
  tokenAudience,
  tokenIssuer,
} from "../src/index.ts";
import { testAuth } from "./echo-service.ts";
import { errorOf } from "./eventually.ts";

const start = Temporal.Instant.from("2026-03-01T10:00:00Z");
const account = "accounts/01890000-0000-7000-8000-000000000001";
const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
const other = await generateKeyPair("EdDSA", { extractable: true });
const jwkOf = async (key: CryptoKey) => JSON.stringify(await exportJWK(key));

let at: Temporal.Instant;
let keys: { readonly keyId: string; readonly algorithm: string; readonly jwk: string }[];
let revoked: { readonly session: string; readonly tokenExpireTime: ReturnType<typeof timestampFromMs> }[];
let asked: { keys: number; memberships: number };
let isAway: boolean;
let auth: PlatformAuth;
const now = () => at;
const after = (seconds: number) => start.add({ seconds });
const workloads = localWorkloadIssuer(new Uint8Array(32).fill(7), now);

type Claims = {
  readonly sub?: string | undefined;
  readonly sid?: string | undefined;
  readonly roles?: readonly string[];
  readonly [name: string]: unknown;
};

function token(
  claims: Claims = {},
  options: { key?: CryptoKey; kid?: string; lifeSeconds?: number; issuer?: string; audience?: string } = {},
) {
  const all = Object.entries({ sid: "s1", roles: ["customer"], sub: account, ...claims });
  return new SignJWT(Object.fromEntries(all.filter(([, value]) => value !== undefined)))
    .setProtectedHeader({ alg: "EdDSA", kid: options.kid ?? "k1" })
    .setIssuer(options.issuer ?? tokenIssuer)
    .setAudience(options.audience ?? tokenAudience)
    .setExpirationTime(Math.floor(start.epochMilliseconds / 1000) + (options.lifeSeconds ?? 900))
    .sign(options.key ?? privateKey);
}

const refusal = async (work: Promise<unknown>) => (await errorOf(work)) as { reason?: string };

beforeEach(async () => {
  at = start;
  keys = [{ keyId: "k1", algorithm: "EdDSA", jwk: await jwkOf(publicKey) }];
  revoked = [];
  asked = { keys: 0, memberships: 0 };
  isAway = false;
  const identity = guard({
    service: "identity",
    errors: [],
    auth: testAuth,
    log: { error: () => undefined },
    implementations: [
      implement(KeyService, {
        listSigningKeys() {
          asked.keys++;
          if (isAway) throw new Error("away");
          return { keys };
        },
        listRevokedSessions: () => ({ sessions: revoked }),
        listAccountMemberships() {
          asked.memberships++;
          return { memberships: [{ provider: "providers/p", role: Role.STAFF, permissions: ["bookings.read"] }] };
        },
      }),
    ],
  });
  const caller = memoryCaller(() => [identity], { workload: "booking" });
  auth = platformAuth({ caller, workloadKeys: workloads.verifier, now });
});

describe("access tokens", () => {
  test("a good one tells who calls", async () => {
    const good = await token();
    expect(await auth.verifyUser(good)).toEqual({ account, session: "s1", roles: ["customer"], token: good });
  });

  test("one that was verified is known at once, until it expires by the platform's clock", async () => {
    const good = await token();
    expect(auth.knownUser?.(good)).toBeUndefined();
    await auth.verifyUser(good);
    at = after(899);
    expect(auth.knownUser?.(good)?.account).toBe(account);
    at = after(900);
    expect(auth.knownUser?.(good)).toBeUndefined();
    expect((await refusal(auth.verifyUser(good))).reason).toBe("TOKEN_EXPIRED");
  });

  test.each([
    ["rubbish", () => Promise.resolve("rubbish")],
    ["another issuer's", () => token({}, { issuer: "evil" })],
    ["for another audience", () => token({}, { audience: "else" })],
    ["signed by another key of the same name", () => token({}, { key: other.privateKey })],
    ["without a session", () => token({ sid: undefined })],
    ["without a subject", () => token({ sub: undefined })],
    ["with a key that nobody published", () => token({}, { kid: "k9", key: other.privateKey })],
    [
      "signed with a secret in place of a key",
      () =>
        new SignJWT({ sub: account, sid: "s1" })
          .setProtectedHeader({ alg: "HS256", kid: "k1" })
          .setIssuer(tokenIssuer)
          .setAudience(tokenAudience)
          .setExpirationTime("1h")
          .sign(new Uint8Array(32)),
    ],
    [
      "not signed at all",
      async () => {
        const body = (await token()).split(".")[1];
        return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`;
      },
    ],
  ])("one that is %s is refused", async (_name, make) => {
    expect((await refusal(auth.verifyUser(await make()))).reason).toBe("TOKEN_INVALID");
  });

  test("keys are asked for once, and again for a new one", async () => {
    await Promise.all([auth.verifyUser(await token()), auth.verifyUser(await token({ sid: "s2" }))]);
    expect(asked.keys).toBe(1);
    keys = [...keys, { keyId: "k2", algorithm: "EdDSA", jwk: await jwkOf(other.publicKey) }];
    at = after(10);
    expect((await auth.verifyUser(await token({}, { kid: "k2", key: other.privateKey }))).account).toBe(account);
    expect(asked.keys).toBe(2);
  });

  test("tokens with unknown keys do not make us ask again and again", async () => {
    await auth.verifyUser(await token());
    for (let i = 0; i < 5; i++)
      await refusal(auth.verifyUser(await token({}, { kid: `x${i}`, key: other.privateKey })));
    expect(asked.keys).toBe(1);
  });

  test("while identity is away, known keys stay good, and without any the answer is UNAVAILABLE", async () => {
    isAway = true;
    expect((await refusal(auth.verifyUser(await token()))).reason).toBe("UNAVAILABLE");
    isAway = false;
    await auth.verifyUser(await token());
    isAway = true;
    at = after(600);
    expect((await auth.verifyUser(await token({ sid: "s3" }))).session).toBe("s3");
  });
});

describe("revoked sessions", () => {
  test("are refused though their tokens live, by id and by name", async () => {
    const [one, two] = [await token(), await token({ sid: "s2" })];
    await auth.verifyUser(one);
    auth.revokeSession("s1", after(900));
    auth.revokeSession(`${account}/sessions/s2`, after(900));
    expect((await refusal(auth.verifyUser(one))).reason).toBe("TOKEN_INVALID");
    expect((await refusal(auth.verifyUser(two))).reason).toBe("TOKEN_INVALID");
    expect(() => auth.knownUser?.(one)).toThrow();
    expect((await auth.verifyUser(await token({ sid: "s3" }))).session).toBe("s3");
  });

  test("that were revoked before this process began are known", async () => {
    revoked = [{ session: `${account}/sessions/s1`, tokenExpireTime: timestampFromMs(after(900).epochMilliseconds) }];
    expect((await refusal(auth.verifyUser(await token()))).reason).toBe("TOKEN_INVALID");
  });
});

describe("memberships", () => {
  test("are asked for once in a while, and anew when they changed", async () => {
    const all = await Promise.all([auth.memberships(account), auth.memberships(account)]);
    expect(all[0]).toEqual([{ provider: "providers/p", role: "STAFF", permissions: ["bookings.read"] }]);
    expect(asked.memberships).toBe(1);
    auth.forgetMemberships(account);
    await auth.memberships(account);
    expect(asked.memberships).toBe(2);
  });
});

describe("workload tokens", () => {
  test("tell the service, and are issued anew before they end", async () => {
    const first = await workloads.token("booking");
    expect(await auth.verifyWorkload(first)).toBe("booking");
    expect(await workloads.token("booking")).toBe(first);
    at = after(301);
    expect(await workloads.token("booking")).not.toBe(first);
  });

  test("of another key, or past their time, are refused", async () => {
    const strange = await localWorkloadIssuer(new Uint8Array(32).fill(8), now).token("booking");
    expect((await refusal(auth.verifyWorkload(strange))).reason).toBe("TOKEN_INVALID");
    const old = await localWorkloadIssuer(new Uint8Array(32).fill(7), () => start).token("payment");
    at = after(601);
    expect((await refusal(auth.verifyWorkload(old))).reason).toBe("TOKEN_INVALID");
    expect((await refusal(auth.verifyWorkload(await token()))).reason).toBe("TOKEN_INVALID");
  });

  test("need a key worth the name", () => {
    expect(() => localWorkloadIssuer(new Uint8Array(16), now)).toThrow(/32 bytes/);
  });
});
