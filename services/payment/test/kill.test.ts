import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client } from "@connectrpc/connect";
import { Payment_State, PaymentService, Refund_State } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { type Caller, grpcCaller, localWorkloadIssuer } from "@dawr/rpc";
import { eventually, freePorts, type TestDatabase, testDatabase } from "@dawr/testkit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiKey, type FakeGateway, startFakeGateway, webhookSecret } from "./fake-gateway.ts";
import { wish } from "./start-payment.ts";

const mainFile = fileURLToPath(new URL("../src/main.ts", import.meta.url));

let database: TestDatabase;
let folder: string;
let gateway: FakeGateway;
let ports: readonly number[];
let child: ChildProcess | undefined;
let caller: Caller | undefined;

beforeAll(async () => {
  [database, folder, gateway, ports] = await Promise.all([
    testDatabase(["payment"]),
    mkdtemp(join(tmpdir(), "dawr-payment-kill-")),
    startFakeGateway(),
    freePorts(2),
  ]);
});

afterAll(async () => {
  caller?.close();
  await kill();
  await gateway?.close();
  await database?.drop();
  await rm(folder, { recursive: true });
});

async function start(): Promise<Client<typeof PaymentService>> {
  const [grpc, metrics] = ports;
  child = spawn(process.execPath, [mainFile], {
    stdio: "ignore",
    env: {
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      METRICS_PORT: String(metrics),
      GRPC_PORT: String(grpc),
      CREATE_KEYS: "true",
      WORKLOAD_KEY_FILE: join(folder, "workload.key"),
      KEY_FILE: join(folder, "keys.json"),
      DATABASE_URL: database.urlOf("payment"),
      MIGRATION_DATABASE_URL: database.ownerUrl,
      PAYMENT_RETURN_URLS: "http://localhost:8080",
      PAYMENT_WEBHOOK_URL: "http://localhost:8080/webhooks",
      PAYMENT_GATEWAY_TIMEOUT: "3s",
      PAYMENT_ASK_PENDING: "1s",
      PAYMENT_ASK_UNKNOWN: "50ms",
      PAYMENT_SANDBOX_URL: gateway.url,
      PAYMENT_SANDBOX_API_KEY: apiKey,
      PAYMENT_SANDBOX_WEBHOOK_SECRET: webhookSecret,
    },
  });
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${metrics}/readyz`)).status).toBe(200), {
    timeoutMs: 20_000,
  });
  const key = Buffer.from((await readFile(join(folder, "workload.key"), "utf8")).trim(), "base64");
  const issuer = localWorkloadIssuer(key, () => Temporal.Now.instant());
  caller?.close();
  caller = grpcCaller({ addresses: [`127.0.0.1:${grpc}`], workloadToken: () => issuer.token("booking") });
  return caller.client(PaymentService);
}

async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const exited = new Promise((resolve) => child?.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
  child = undefined;
}

/** Kills the service when the gateway has done a call of this kind and before its answer is heard. */
function killDuring(kind: string): Promise<void> {
  return new Promise((resolve) => {
    gateway.onCall = (called) => {
      if (called !== kind) return;
      gateway.onCall = undefined;
      resolve(kill());
    };
  });
}

test("given a kill between the gateway's deed and our commit, when the service is back, then all is found out once", async () => {
  let payments = await start();
  gateway.faults.create = ["lose-answer"];
  const request = wish();
  const killed = killDuring("create");
  await expect(payments.createPayment(request, { timeoutMs: 6_000 })).rejects.toThrow();
  await killed;
  expect(gateway.charges).toHaveLength(1);
  const [charge] = gateway.charges;
  if (charge !== undefined) gateway.pay(charge);

  payments = await start();
  const paid = await eventually(
    async () => {
      const payment = await payments.createPayment(request);
      expect(payment.state).toBe(Payment_State.SUCCEEDED);
      return payment;
    },
    { timeoutMs: 15_000 },
  );
  expect(gateway.charges).toHaveLength(1);

  gateway.faults.refund = ["lose-answer"];
  const killedAgain = killDuring("refund");
  await payments.refundPayment({ name: paid.name, requestId: crypto.randomUUID() });
  await killedAgain;
  expect(gateway.refunds).toHaveLength(1);

  payments = await start();
  await eventually(
    async () => {
      const { refunds, refunded } = await payments.getPayment({ name: paid.name });
      expect(refunds.map(({ state }) => state)).toEqual([Refund_State.SUCCEEDED]);
      expect(refunded?.amountMinor).toBe(36_800n);
    },
    { timeoutMs: 25_000 },
  );
  expect(gateway.refunds).toHaveLength(1);
}, 90_000);
