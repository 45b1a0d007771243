import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import type { Event } from "@dawr/events";
import { LedgerService } from "@dawr/gen/dawr/payment/v1/ledger_pb.js";
import {
  type CreatePaymentRequest,
  CreatePaymentRequestSchema,
  PaymentService,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { type Auth, guard, memoryCaller, platformErrors } from "@dawr/rpc";
import { type Running, runService } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import { testDatabase } from "@dawr/testkit";
import { errors } from "../src/rpc/errors.ts";
import { payment } from "../src/service.ts";
import { apiKey, type FakeGateway, type SentWebhook, startFakeGateway, webhookSecret } from "./fake-gateway.ts";

/** The payment service on a database of its own, with a gateway that does what a test says. */
export type TestPayment = {
  readonly gateway: FakeGateway;
  readonly running: Running;
  /** Connects as the role that owns the tables. */
  readonly ownerUrl: string;
  /** Calls as the booking service. */
  readonly payments: Client<typeof PaymentService>;
  /** Calls as a person with roles and permissions. */
  readonly as: (person: Person) => {
    readonly payments: Client<typeof PaymentService>;
    readonly ledger: Client<typeof LedgerService>;
  };
  readonly ingest: (webhook: SentWebhook) => ReturnType<Client<typeof PaymentService>["ingestWebhook"]>;
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** What was told to others about a payment, in order. */
  events(paymentName: string): Promise<readonly string[]>;
  stop(): Promise<void>;
};

/** A signed-in person. */
export type Person = {
  readonly account: string;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
};

export const providerId = "01920000-0000-7000-8000-000000000001";
export const customer = "accounts/01920000-0000-7000-8000-0000000000c1";
export const operator: Person = { account: "accounts/01920000-0000-7000-8000-0000000000a1", roles: ["admin"] };

/** Starts the service; stop() ends it and drops its database. */
export async function startPayment(settings: Readonly<Record<string, string>> = {}): Promise<TestPayment> {
  const database = await testDatabase(["payment"]);
  const folder = await mkdtemp(join(tmpdir(), "dawr-payment-"));
  const gateway = await startFakeGateway();
  const env = {
    HOST: "127.0.0.1",
    METRICS_PORT: "0",
    CREATE_KEYS: "true",
    GRPC_PORT: "0",
    WORKLOAD_KEY_FILE: join(folder, "workload.json"),
    KEY_FILE: join(folder, "keys.json"),
    DATABASE_URL: database.urlOf("payment"),
    MIGRATION_DATABASE_URL: database.ownerUrl,
    PAYMENT_RETURN_URLS: "http://localhost:8080,dawr://paid",
    PAYMENT_WEBHOOK_URL: "http://localhost:8080/webhooks",
    PAYMENT_GATEWAY_TIMEOUT: "2s",
    PAYMENT_ASK_PENDING: "1h",
    PAYMENT_ASK_UNKNOWN: "20ms",
    PAYMENT_OVERDUE: "0s",
    PAYMENT_SANDBOX_URL: gateway.url,
    PAYMENT_SANDBOX_API_KEY: apiKey,
    PAYMENT_SANDBOX_WEBHOOK_SECRET: webhookSecret,
    LOG_LEVEL: "info",
    ...settings,
  };
  const running = await runService(payment, env, {
    logDestination: new Writable({ write: (_chunk, _encoding, done) => done() }),
  });
  const { store, parts } = running.service("payment");
  const payments = running.client(PaymentService, { workload: "booking" });
  return {
    gateway,
    running,
    ownerUrl: database.ownerUrl,
    payments,
    as(person) {
      const mounted = guard({
        service: "payment",
        implementations: parts.implementations ?? [],
        errors: [errors, platformErrors],
        ownerOf: parts.ownerOf,
        auth: authOf(person),
        log: running.log,
      });
      const caller = memoryCaller(() => [mounted]);
      // Every call carries the person's token.
      const signedIn = <T extends object>(client: T): T =>
        new Proxy(client, {
          get: (target, name) => {
            const method: unknown = Reflect.get(target, name);
            if (typeof method !== "function") return method;
            return (request: unknown) => method(request, { headers: { authorization: "Bearer any" } });
          },
        });
      return { payments: signedIn(caller.client(PaymentService)), ledger: signedIn(caller.client(LedgerService)) };
    },
    ingest: ({ body, headers }) => payments.ingestWebhook({ gateway: "sandbox", body, headers }),
    query: (sql, params) => store.transaction((tx) => tx.query(sql, params)),
    transaction: (work) => store.transaction(work),
    async events(name) {
      const rows = await store.read((tx) =>
        tx.query<Pick<Event, "type">>("select type from outbox where subject = $1 order by sequence", [name]),
      );
      return rows.map(({ type }) => type.replace("dawr.payment.v1.", ""));
    },
    async stop() {
      await running.stop();
      await gateway.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

/** A request for the payment of a new booking: 30 JOD, tax 4.8, fee 2. */
export function wish(
  more: Exclude<MessageInitShape<typeof CreatePaymentRequestSchema>, CreatePaymentRequest> = {},
): CreatePaymentRequest {
  const money = (amountMinor: bigint) => ({ currencyCode: "JOD", amountMinor });
  return create(CreatePaymentRequestSchema, {
    booking: `providers/${providerId}/bookings/${crypto.randomUUID()}`,
    requestId: crypto.randomUUID(),
    account: customer,
    amounts: {
      servicePrice: money(30_000n),
      tax: money(4_800n),
      platformFee: money(2_000n),
      total: money(36_800n),
    },
    description: "Haircut",
    returnUrl: "http://localhost:8080/paid",
    payExpireTime: timestampFromMs(Temporal.Now.instant().epochMilliseconds + 900_000),
    locale: "ar",
    ...more,
  });
}

function authOf({ account, roles = [], permissions = [] }: Person): Auth {
  return {
    verifyUser: async (token) => ({ account, session: "sessions/1", roles, token }),
    verifyWorkload: async () => "none",
    memberships: async () => [{ provider: `providers/${providerId}`, role: "manager", permissions }],
    revokeSession: () => undefined,
  };
}
