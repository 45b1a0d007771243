import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually, freePorts, testDatabase } from "@dawr/testkit";
import { expect, test } from "@jest/globals";
import { GatewaySilence, type Webhook } from "../src/gateways/gateway.ts";
import { sandboxGateway } from "../src/gateways/sandbox/sandbox-gateway.ts";
import { apiKey, startFakeGateway, webhookSecret } from "./fake-gateway.ts";
import { describeGateway, type GatewayUnderTest } from "./gateway-contract.ts";

// The fake of these tests is held to what the sandbox itself does.
describeGateway("of these tests", startFake);
describeGateway("sandbox, as a process of its own", startSandboxProcess);

test("given nobody at the gateway's address, when it is called, then that is silence and no refusal", async () => {
  const [port] = await freePorts(1);
  const gateway = sandboxGateway({
    url: `http://127.0.0.1:${port}`,
    apiKey,
    webhookSecret,
    webhookUrl: "http://127.0.0.1:1/",
    timeoutMs: 1_000,
  });
  const window = { from: Temporal.Now.instant(), before: Temporal.Now.instant() };
  await expect(gateway.listCharges(window)[Symbol.asyncIterator]().next()).rejects.toThrow(GatewaySilence);
});

async function startFake(): Promise<GatewayUnderTest> {
  const fake = await startFakeGateway();
  return {
    gateway: sandboxGateway({ url: fake.url, apiKey, webhookSecret, webhookUrl: "http://none/", timeoutMs: 2_000 }),
    pay: async (payment) => fake.pay(fake.chargeOf(payment.operationId)),
    async webhookAbout(gatewayId) {
      const charge = fake.charges.find(({ id }) => id === gatewayId);
      if (charge === undefined) throw new Error(`no charge ${gatewayId}`);
      return fake.webhook("charge.succeeded", fake.chargeJson(charge));
    },
    stop: () => fake.close(),
  };
}

async function startSandboxProcess(): Promise<GatewayUnderTest> {
  const [database, folder, [http, smtp, metrics, grpc], inbox] = await Promise.all([
    testDatabase(["sandbox"]),
    mkdtemp(join(tmpdir(), "dawr-gateways-")),
    freePorts(4),
    startInbox(),
  ]);
  const child = spawn(process.execPath, [fileURLToPath(new URL("../../sandbox/src/main.ts", import.meta.url))], {
    stdio: "ignore",
    env: {
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      METRICS_PORT: String(metrics),
      GRPC_PORT: String(grpc),
      CREATE_KEYS: "true",
      WORKLOAD_KEY_FILE: join(folder, "workload.key"),
      KEY_FILE: join(folder, "keys.json"),
      DATABASE_URL: database.urlOf("sandbox"),
      MIGRATION_DATABASE_URL: database.ownerUrl,
      SANDBOX_PORT: String(http),
      SANDBOX_SMTP_PORT: String(smtp),
      SANDBOX_API_KEY: apiKey,
      SANDBOX_WEBHOOK_SECRET: webhookSecret,
    },
  });
  const ready = async () => expect((await fetch(`http://127.0.0.1:${metrics}/readyz`)).status).toBe(200);
  await eventually(ready, { timeoutMs: 30_000 });
  return {
    gateway: sandboxGateway({
      url: `http://127.0.0.1:${http}`,
      apiKey,
      webhookSecret,
      webhookUrl: inbox.url,
      timeoutMs: 5_000,
    }),
    async pay(_payment, payUrl) {
      const form = new URLSearchParams({ number: "4242424242424242", expiry: "12/39", cvc: "123" });
      const response = await fetch(payUrl, { method: "POST", body: form, headers: { accept: "application/json" } });
      expect(response.status).toBe(200);
    },
    webhookAbout: (gatewayId) => eventually(() => inbox.find(gatewayId)),
    async stop() {
      await ended(child);
      await inbox.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Takes webhooks as they come. */
async function startInbox(): Promise<{ url: string; find(text: string): Webhook; close(): Promise<void> }> {
  const webhooks: Webhook[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const signature = String(request.headers["dawr-signature"]);
      webhooks.push({ body: Buffer.concat(chunks), headers: { "dawr-signature": signature } });
      response.writeHead(204).end();
    });
  });
  const [port] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}/`,
    find(text) {
      const webhook = webhooks.find(({ body }) => Buffer.from(body).includes(text));
      if (webhook === undefined) throw new Error(`no webhook about ${text} yet`);
      return webhook;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
}
