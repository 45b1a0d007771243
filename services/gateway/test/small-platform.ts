import { generateKeyPairSync } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import { AccountService } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { AuthenticationService } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { callOf, defineErrors, type ErrorTable, implement, PlatformError, tokenAudience, tokenIssuer } from "@dawr/rpc";
import { defineService, type Parts } from "@dawr/runtime";
import { type Platform, testPlatform } from "@dawr/testkit";
import { SignJWT } from "jose";
import { gateway } from "../src/service.ts";

/** The gateway in front of small services that say what they saw. */
export type SmallPlatform = {
  readonly platform: Platform;
  readonly url: string;
  /** What the services behind the door saw of calls. */
  readonly seen: Seen[];
  /** An access token; of another key when it shall be forged. */
  token(account?: string, how?: { readonly isForged?: boolean; readonly lifetimeSeconds?: number }): Promise<string>;
  stop(): Promise<void>;
};

type Seen = {
  readonly method: string;
  readonly account: string | undefined;
  readonly workload: string | undefined;
  readonly requestId: string;
  readonly locale: string;
  readonly timeoutMs: number | undefined;
};

export const someone = "accounts/01890000-0000-7000-8000-00000000000a";

export async function startSmallPlatform(env: Readonly<Record<string, string>> = {}): Promise<SmallPlatform> {
  const seen: Seen[] = [];
  const pair = generateKeyPairSync("ed25519");
  const other = generateKeyPairSync("ed25519");
  const note = (method: string, context: Parameters<typeof callOf>[0]) => {
    const { actor, workload, requestId, locale } = callOf(context);
    seen.push({ method, account: actor?.account, workload, requestId, locale, timeoutMs: context.timeoutMs() });
  };
  const identity = small("identity", {
    implementations: [
      implement(KeyService, {
        listSigningKeys: () => ({
          keys: [
            {
              keyId: "k1",
              algorithm: "EdDSA",
              jwk: JSON.stringify({ ...pair.publicKey.export({ format: "jwk" }), kid: "k1" }),
            },
          ],
        }),
        listAccountMemberships: () => ({}),
        listRevokedSessions: () => ({}),
        batchGetContacts: () => ({ contacts: [{ email: "secret@example.com" }] }),
      }),
      implement(AccountService, {
        getAccount(request, context) {
          note("getAccount", context);
          return { name: request.name, displayName: "Rana" };
        },
      }),
      implement(AuthenticationService, { sendCode: () => ({}) }),
    ],
  });
  const catalog = small("catalog", {
    implementations: [
      implement(CategoryService, {
        async listCategories(_request, context) {
          note("listCategories", context);
          if (callOf(context).locale === "ar")
            await new Promise((_, fail) => context.signal.addEventListener("abort", fail));
          return { nextPageToken: "more" };
        },
      }),
    ],
  });
  const availability = small("availability", {
    implementations: [
      implement(AvailabilityService, {
        async *watchAvailability() {
          yield { kind: WatchKind.SNAPSHOT, resumeToken: "1" };
          yield { kind: WatchKind.HEARTBEAT, resumeToken: "2" };
        },
      }),
    ],
  });
  const paymentErrors = defineErrors({
    domain: "payment.dawr",
    reasons: {
      WEBHOOK_SIGNATURE_INVALID: { code: Code.Unauthenticated, message: { en: "no", ar: "لا" } },
      GATEWAY_UNKNOWN: { code: Code.NotFound, message: { en: "no", ar: "لا" } },
      WEBHOOK_MALFORMED: { code: Code.InvalidArgument, message: { en: "no", ar: "لا" } },
    },
  });
  const payment = small(
    "payment",
    {
      implementations: [
        implement(PaymentService, {
          ingestWebhook({ gateway: name, body, headers }, context) {
            note(`webhook ${headers["x-signature"] ?? ""}`, context);
            if (name !== "sandbox") throw new PaymentRefusal("GATEWAY_UNKNOWN");
            const text = Buffer.from(body).toString();
            if (text === "unsigned") throw new PaymentRefusal("WEBHOOK_SIGNATURE_INVALID");
            if (text === "malformed") throw new PaymentRefusal("WEBHOOK_MALFORMED");
            if (text === "away") throw new PlatformError("UNAVAILABLE");
            if (text === "broken") throw new Error("a bug");
            return {};
          },
        }),
      ],
    },
    paymentErrors,
  );
  const definitions = [identity, catalog, availability, payment, gateway];
  const platform = await testPlatform(definitions, {
    ports: ["GATEWAY_PORT"],
    env: { GATEWAY_ADDRESS_LIMIT: "100000", GATEWAY_USER_LIMIT: "100000", ...env },
  });
  return {
    platform,
    url: (platform.urls.gateway ?? "").replace("localhost", "127.0.0.1"),
    seen,
    token: (account = someone, { isForged = false, lifetimeSeconds = 600 } = {}) =>
      new SignJWT({ sid: `${account}/sessions/s1`, roles: ["customer"] })
        .setProtectedHeader({ alg: "EdDSA", kid: "k1" })
        .setIssuer(tokenIssuer)
        .setAudience(tokenAudience)
        .setSubject(account)
        .setExpirationTime(Math.floor(Date.now() / 1000) + lifetimeSeconds)
        .sign(isForged ? other.privateKey : pair.privateKey),
    stop: () => platform.stop(),
  };
}

function small(name: string, parts: Parts, errors: ErrorTable = defineErrors({ domain: `${name}.dawr`, reasons: {} })) {
  return defineService({ name, config: {}, errors, start: () => parts });
}

class PaymentRefusal extends Error {
  readonly reason: string;
  readonly metadata = {};

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
