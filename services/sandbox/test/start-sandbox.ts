import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type Running, runService } from "@dawr/runtime";
import { testDatabase } from "@dawr/testkit";
import { sandbox } from "../src/service.ts";

export const apiKey = "sandbox-key-for-tests";
export const webhookSecret = "sandbox-webhook-secret";

/** A sandbox of its own on ports of its own. */
export type TestSandbox = {
  readonly url: string;
  readonly smtpPort: number;
  readonly running: Running;
  /** Everything it has logged so far. */
  readonly logged: () => string;
  /** What starts another one on the same data. */
  readonly env: Readonly<Record<string, string>>;
  /** Calls the merchants' API. */
  api(method: string, path: string, body?: unknown, key?: string): Promise<{ status: number; body: ApiBody }>;
  /** Sends the form of a payment page as a program does. */
  pay(id: string, number: string, more?: Readonly<Record<string, string>>): Promise<{ status: number; body: ApiBody }>;
  stop(): Promise<void>;
};

// biome-ignore lint/suspicious/noExplicitAny: what the API answers is what these tests are about
export type ApiBody = any;

/** Starts a sandbox; stop() ends it and drops its database. */
export async function startSandbox(settings: Readonly<Record<string, string>> = {}): Promise<TestSandbox> {
  const database = await testDatabase(["sandbox"]);
  const folder = await mkdtemp(join(tmpdir(), "dawr-sandbox-"));
  const env = {
    HOST: "127.0.0.1",
    METRICS_PORT: "0",
    CREATE_KEYS: "true",
    GRPC_PORT: "0",
    WORKLOAD_KEY_FILE: join(folder, "workload.json"),
    KEY_FILE: join(folder, "keys.json"),
    DATABASE_URL: database.urlOf("sandbox"),
    MIGRATION_DATABASE_URL: database.ownerUrl,
    SANDBOX_PORT: "0",
    SANDBOX_SMTP_PORT: "0",
    SANDBOX_API_KEY: apiKey,
    SANDBOX_WEBHOOK_SECRET: webhookSecret,
    SANDBOX_WEBHOOK_RETRY: "20ms",
    SANDBOX_WEBHOOK_LOST_RETRY: "200ms",
    SANDBOX_REFUND_DELAY: "100ms",
    LOG_LEVEL: "debug",
    ...settings,
  };
  const lines: string[] = [];
  const logDestination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const running = await runService(sandbox, env, { logDestination });
  const url = running.urls.sandbox ?? "";
  return {
    url,
    smtpPort: Number(new URL(running.urls.smtp ?? "").port),
    running,
    env,
    logged: () => lines.join(""),
    ...clientOf(url),
    async stop() {
      await running.stop();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

/** The calls of a merchant and of a customer's browser. */
export function clientOf(url: string): Pick<TestSandbox, "api" | "pay"> {
  return {
    async api(method, path, body, key = crypto.randomUUID()) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(method === "GET" ? {} : { "idempotency-key": key, "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    },
    async pay(id, number, more = {}) {
      const response = await fetch(`${url}/pay/${id}`, {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams({ number, expiry: "12/39", cvc: "123", ...more }),
        redirect: "manual",
      });
      return { status: response.status, body: await response.json() };
    },
  };
}
