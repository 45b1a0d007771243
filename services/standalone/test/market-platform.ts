import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Env } from "@dawr/config";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { defineErrors, implement, type Membership, tokenAudience, tokenIssuer } from "@dawr/rpc";
import { defineService, type ServiceDefinition } from "@dawr/runtime";
import { type Platform, testPlatform } from "@dawr/testkit";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { demoMarket, type Market } from "../src/market/market.ts";
import { services } from "../src/services.ts";

/** The whole platform with the demo market, but for who people are: to register a crowd by e-mail is another story. */
export type MarketPlatform = {
  readonly platform: Platform;
  readonly market: Market;
  /** Where people work, by account. */
  readonly memberships: Map<string, readonly Pick<Membership, "provider" | "permissions">[]>;
  /** An access token of somebody. */
  sign(account: string, roles?: readonly string[]): Promise<string>;
};

/** What all services together need to be told, with limits that a crowd on one address does not meet. */
export function settingsOf(given: Env): Env {
  return {
    ...given,
    BOOKING_HOLDS_PER_ADDRESS: "1000",
    GATEWAY_ADDRESS_LIMIT: "100000",
    SANDBOX_API_KEY: "sandbox-api-key-of-the-test",
    SANDBOX_WEBHOOK_SECRET: "sandbox-webhook-secret-of-the-test",
    SMTP_URL: `smtp://127.0.0.1:${given.SANDBOX_SMTP_PORT}`,
    MAIL_FROM: "Dawr <no-reply@dawr.example>",
    MESSAGING_BOOKING_LINK: "http://localhost/b/{booking}",
    PAYMENT_SANDBOX_URL: `http://127.0.0.1:${given.SANDBOX_PORT}`,
    PAYMENT_SANDBOX_API_KEY: "sandbox-api-key-of-the-test",
    PAYMENT_SANDBOX_WEBHOOK_SECRET: "sandbox-webhook-secret-of-the-test",
    PAYMENT_WEBHOOK_URL: `http://127.0.0.1:${given.GATEWAY_PORT}/webhooks`,
    PAYMENT_RETURN_URLS: "http://localhost",
  };
}

/** Starts it; platform.stop() ends it. */
export async function openMarketPlatform(): Promise<MarketPlatform> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = JSON.stringify({ ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA" });
  const memberships: MarketPlatform["memberships"] = new Map();
  const others = services.filter(({ name }) => name !== "identity");
  const platform = await testPlatform([...others, identityOf(jwk, memberships)], {
    ports: ["GATEWAY_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT"],
    env: settingsOf,
  });
  const market = demoMarket(1, Temporal.Now.instant());
  await platform.importResources(market.resources);
  return {
    platform,
    market,
    memberships,
    sign: (account, roles = ["customer"]) =>
      new SignJWT({ sid: randomUUID(), roles: [...roles] })
        .setProtectedHeader({ alg: "EdDSA", kid: "test" })
        .setIssuer(tokenIssuer)
        .setAudience(tokenAudience)
        .setSubject(account)
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}

/** A slot of one service with one staff member, tomorrow or later. */
export async function freeSlot(platform: Platform, provider: string) {
  const [{ services: menu }, { staffMembers }] = await Promise.all([
    platform.client(ServiceMenuService).listServices({ parent: provider }),
    platform.client(StaffService).listStaffMembers({ parent: provider }),
  ]);
  const staff = staffMembers.find(({ skills }) =>
    menu.some(({ name }) => skills.some(({ service }) => service === name)),
  );
  const service = staff?.skills.find((skill) => menu.some(({ name }) => name === skill.service))?.service ?? "";
  const items = [{ service, staffChoice: { case: "staffMember" as const, value: staff?.name ?? "" } }];
  const from = Temporal.Now.instant().add({ hours: 24 }).epochMilliseconds;
  const { slots } = await platform.client(AvailabilityService).findSlots({
    provider,
    items,
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(from + 5 * 86_400_000),
  });
  const slot = slots[Math.floor(slots.length / 2)];
  if (slot?.startTime === undefined) throw new Error("the demo market has no free slot here");
  return { provider, items, startTime: slot.startTime };
}

/** Says whose tokens are good. */
function identityOf(jwk: string, memberships: MarketPlatform["memberships"]): ServiceDefinition {
  return defineService({
    name: "identity",
    config: {},
    errors: defineErrors({ domain: "identity.dawr", reasons: {} }),
    start: () => ({
      implementations: [
        implement(KeyService, {
          async listSigningKeys() {
            return { keys: [{ keyId: "test", algorithm: "EdDSA", jwk, createTime: timestampFromMs(0) }] };
          },
          async listRevokedSessions() {
            return { sessions: [] };
          },
          async listAccountMemberships({ parent }) {
            const found = memberships.get(parent) ?? [];
            return {
              memberships: found.map(({ provider, permissions }) => ({ provider, permissions: [...permissions] })),
            };
          },
          async batchGetContacts() {
            return { contacts: [] };
          },
        }),
      ],
    }),
  });
}
