import { randomUUID } from "node:crypto";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Bus, type Event, inProcessBus } from "@dawr/events";
import { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { defineErrors, implement, PlatformError, tokenAudience, tokenIssuer } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { createLogger } from "@dawr/telemetry";
import { freePorts, type Platform, testClock, testPlatform } from "@dawr/testkit";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { messaging } from "../src/service.ts";
import { type MailServer, mailServer } from "./mail-server.ts";

/** Somebody who may be written to. */
type Person = {
  readonly displayName: string;
  readonly email: string;
  readonly locale: string;
  readonly erased?: boolean;
};

/** Messaging on a real database, with a real mail server, and identity and catalogue as a test wants them. */
export type World = {
  readonly platform: Platform;
  readonly bus: Bus;
  readonly server: MailServer;
  readonly clock: ReturnType<typeof testClock>;
  readonly people: Map<string, Person>;
  /** While true the catalogue answers nothing. */
  readonly catalog: { isAway: boolean };
  readonly logged: string[];
  /** Call options of somebody who signed in. */
  as(account: string): Promise<{ readonly headers: Readonly<Record<string, string>> }>;
  close(): Promise<void>;
};

export const provider = "providers/0195b3c0-7d1e-7c7a-8000-000000000001";

/** Starts messaging with its surroundings. */
export async function openWorld(settings: Readonly<Record<string, string>> = {}): Promise<World> {
  const clock = testClock("2026-03-01T08:00:00Z");
  const [port = 0] = await freePorts(1);
  const server = await mailServer(port);
  const people: World["people"] = new Map();
  const catalog = { isAway: false };
  const logged: string[] = [];
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA" };
  const bus = inProcessBus({ log: createLogger({ service: "bus", level: "silent" }), now: clock.now });
  const definitions = [messaging, identityOf(people, JSON.stringify(jwk)), catalogOf(catalog)];
  const platform = await testPlatform(definitions, {
    bus,
    now: clock.now,
    logDestination: { write: (line) => logged.push(line) },
    env: {
      LOG_LEVEL: "debug",
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: "Dawr <no-reply@dawr.example>",
      MESSAGING_RETRY: "20ms",
      MESSAGING_RETRY_LIMIT: "100ms",
      MESSAGING_ATTEMPTS: "3",
      MESSAGING_BOOKING_LINK: "https://dawr.example/b/{booking}",
      ...settings,
    },
  });
  return {
    platform,
    bus,
    server,
    clock,
    people,
    catalog,
    logged,
    as: async (account) => {
      const token = await new SignJWT({ sid: `${account}/sessions/${randomUUID()}`, roles: ["customer"] })
        .setProtectedHeader({ alg: "EdDSA", kid: "test" })
        .setIssuer(tokenIssuer)
        .setAudience(tokenAudience)
        .setSubject(account)
        .setExpirationTime(new Date(clock.now().add({ hours: 100 }).epochMilliseconds))
        .sign(privateKey);
      return { headers: { authorization: `Bearer ${token}` } };
    },
    close: async () => {
      await platform.stop();
      await server.down();
    },
  };
}

/** An event as another service publishes it. */
export function eventOf<D extends DescMessage>(
  source: string,
  schema: D,
  message: MessageInitShape<D>,
  {
    subject,
    key = randomUUID(),
    sequence = 1n,
  }: { readonly subject: string; readonly key?: string; readonly sequence?: bigint },
): Event {
  return {
    id: randomUUID(),
    type: schema.typeName,
    source: `dawr.${source}`,
    subject,
    key,
    sequence,
    time: Temporal.Now.instant(),
    data: toBinary(schema, create(schema, message)),
  };
}

function identityOf(people: World["people"], jwk: string) {
  return defineService({
    name: "identity",
    config: {},
    errors: defineErrors({ domain: "identity.dawr", reasons: {} }),
    start: () => ({
      implementations: [
        implement(KeyService, {
          async listSigningKeys() {
            return { keys: [{ keyId: "test", algorithm: "EdDSA", jwk }] };
          },
          async listRevokedSessions() {
            return { sessions: [] };
          },
          async listAccountMemberships() {
            return { memberships: [] };
          },
          async batchGetContacts({ accounts }) {
            return {
              contacts: accounts.flatMap((account) => {
                const person = people.get(account);
                return person === undefined ? [] : [{ account, emailVerified: true, ...person }];
              }),
            };
          },
        }),
      ],
    }),
  });
}

function catalogOf(state: { readonly isAway: boolean }) {
  return defineService({
    name: "catalog",
    config: {},
    errors: defineErrors({ domain: "catalog.dawr", reasons: {} }),
    start: () => ({
      implementations: [
        implement(ProviderService, {
          async getProvider({ name }) {
            if (state.isAway) throw new PlatformError("UNAVAILABLE");
            if (name !== provider) throw new PlatformError("NOT_FOUND", { name });
            return {
              name,
              displayName: { texts: { en: "Yasmine Salon", ar: "صالون ياسمين" } },
              address: { regionCode: "JO", locality: "Amman", addressLines: ["1 Rainbow St"] },
            };
          },
        }),
      ],
    }),
  });
}
