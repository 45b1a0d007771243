import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually, freePorts, type TestDatabase, testDatabase } from "@dawr/testkit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createTransport } from "nodemailer";
import { type Merchant, startMerchant } from "./merchant.ts";
import { type ApiBody, apiKey, clientOf, webhookSecret } from "./start-sandbox.ts";

const mainFile = fileURLToPath(new URL("../src/main.ts", import.meta.url));

let database: TestDatabase;
let folder: string;
let merchant: Merchant;
let child: ChildProcess | undefined;
let ports: readonly number[];

beforeAll(async () => {
  [database, folder, merchant, ports] = await Promise.all([
    testDatabase(["sandbox"]),
    mkdtemp(join(tmpdir(), "dawr-sandbox-kill-")),
    startMerchant(),
    freePorts(4),
  ]);
});

afterAll(async () => {
  await kill();
  await merchant?.close();
  await database?.drop();
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  const [http, smtp, metrics, grpc] = ports;
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
      DATABASE_URL: database.urlOf("sandbox"),
      MIGRATION_DATABASE_URL: database.ownerUrl,
      SANDBOX_PORT: String(http),
      SANDBOX_SMTP_PORT: String(smtp),
      SANDBOX_API_KEY: apiKey,
      SANDBOX_WEBHOOK_SECRET: webhookSecret,
      SANDBOX_WEBHOOK_RETRY: "50ms",
    },
  });
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${metrics}/readyz`)).status).toBe(200), {
    timeoutMs: 20_000,
  });
}

async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const exited = new Promise((resolve) => child?.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
  child = undefined;
}

test("given kills without warning, when the sandbox comes back, then nothing that it acknowledged is lost", async () => {
  await start();
  const url = `http://127.0.0.1:${ports[0]}`;
  const { api, pay } = clientOf(url);
  const wish = { amount: 100, currency: "AED", webhook_url: merchant.url };
  // The merchant is away: what it is to be told must wait over the kill.
  merchant.answers.push(...Array.from({ length: 6 }, () => 503));
  const acknowledged: string[] = [];
  for (let index = 0; index < 3; index++) {
    const { body } = await api("POST", "/v1/charges", wish);
    expect((await pay(body.id, "4242424242424242")).status).toBe(200);
    acknowledged.push(body.id);
  }
  // Takes a second, and ends while nobody runs.
  const { body: delayed } = await api("POST", "/v1/charges", wish);
  await pay(delayed.id, "4000000000008005", { cvc: "001" });
  const transport = createTransport({ host: "127.0.0.1", port: ports[1], secure: false, ignoreTLS: true });
  await transport.sendMail({ from: "a@example.com", to: "b@example.com", subject: "kept", text: "x" });
  transport.close();
  await kill();

  await start();
  for (const id of acknowledged) expect((await api("GET", `/v1/charges/${id}`)).body.status).toBe("succeeded");
  await eventually(async () => expect((await api("GET", `/v1/charges/${delayed.id}`)).body.status).toBe("succeeded"));
  await eventually(
    () => {
      const told = merchant.received.filter(({ event }) => event.type === "charge.succeeded");
      const ids = new Set(told.map(({ event }) => event.data.object.id));
      expect([...acknowledged, delayed.id].filter((id) => !ids.has(id))).toEqual([]);
      expect(merchant.answers).toEqual([]);
    },
    { timeoutMs: 15_000 },
  );
  const mail: ApiBody = await (await fetch(`${url}/mailbox/api/messages?to=b@example.com`)).json();
  expect(mail.messages).toMatchObject([{ subject: "kept" }]);
}, 60_000);
