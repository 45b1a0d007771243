import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import {
  Booking_State,
  BookingService,
  PaymentMethod,
  SlotConflictSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { defineErrors, implement, reasonOf, tokenAudience, tokenIssuer } from "@dawr/rpc";
import { defineService, type ServiceDefinition } from "@dawr/runtime";
import { eventually, type Platform, testPlatform } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { demoMarket, type Market } from "../src/market/market.ts";
import { services } from "../src/services.ts";

let platform: Platform;
let market: Market;
let sign: (account: string) => Promise<string>;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = JSON.stringify({ ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA" });
  sign = (account) =>
    new SignJWT({ sid: randomUUID(), roles: ["customer"] })
      .setProtectedHeader({ alg: "EdDSA", kid: "test" })
      .setIssuer(tokenIssuer)
      .setAudience(tokenAudience)
      .setSubject(account)
      .setExpirationTime("1h")
      .sign(privateKey);
  // Everything but who people are: to register a crowd by e-mail is another story.
  const others = services.filter(({ name }) => name !== "identity");
  platform = await testPlatform([...others, identityOf(jwk)], {
    ports: ["GATEWAY_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT"],
    env: (given) => ({
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
    }),
  });
  market = demoMarket(1, Temporal.Now.instant());
  await platform.importResources(market.resources);
}, 120_000);

afterAll(() => platform?.stop());

describe("given one slot and 64 customers who want it at the same moment", () => {
  test("then one holds it, all others are told that it is taken and what else there is, and it is free again once given up", async () => {
    const provider = market.ownedProvider;
    const wish = await freeSlot(provider);
    const crowd = await Promise.all(Array.from({ length: 64 }, () => sign(`accounts/${randomUUID()}`)));
    const bookingsOf = (token: string) => platform.client(BookingService, { token });
    const outcomes = await Promise.allSettled(
      crowd.map((token) => bookingsOf(token).holdSlot({ ...wish, requestId: randomUUID() })),
    );
    const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(["SLOT_TAKEN", "SLOT_NOT_OFFERED"]).toContain(reasonOf(outcome.reason)?.reason);
      const conflict = ConnectError.from(outcome.reason).findDetails(SlotConflictSchema)[0];
      expect(conflict?.alternatives).toHaveLength(3);
    }

    const won = outcomes[winner];
    const name = won?.status === "fulfilled" ? (won.value.booking?.name ?? "") : "";
    const first = bookingsOf(crowd[winner] ?? "");
    const second = bookingsOf(crowd[winner === 0 ? 1 : 0] ?? "");
    const booked = await first.createBooking({ name, paymentMethod: PaymentMethod.CASH, requestId: randomUUID() });
    expect(booked.state).toBe(Booking_State.CONFIRMED);
    const { penalty } = await first.quoteCancellation({ name });
    await first.cancelBooking({ name, requestId: randomUUID(), ...(penalty && { acceptedPenalty: penalty }) });
    const { booking } = await eventually(() => second.holdSlot({ ...wish, requestId: randomUUID() }));
    expect(booking?.state).toBe(Booking_State.HELD);
  }, 60_000);
});

/** A slot of one service with one staff member, tomorrow or later. */
async function freeSlot(provider: string) {
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
function identityOf(jwk: string): ServiceDefinition {
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
          async listAccountMemberships() {
            return { memberships: [] };
          },
          async batchGetContacts() {
            return { contacts: [] };
          },
        }),
      ],
    }),
  }) as unknown as ServiceDefinition;
}
