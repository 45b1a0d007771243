import { randomBytes } from "node:crypto";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { AuthenticationService } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { createSuperAdmin } from "@dawr/identity/admin";
import { isPublic, reasonOf } from "@dawr/rpc";
import { type Platform, testPlatform } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import pg from "pg";
import { publicServices } from "../../services/gateway/src/public-services.ts";
import { services } from "../../services/standalone/src/services.ts";
import { hostileMessage } from "./hostile-message.ts";

const methods = publicServices.flatMap((service) => service.methods).filter(isPublic);
const numRuns = 6;
/** Tables that change by background work alone. */
const byThemselves = ["reconciliation_mark"];

let platform: Platform;
let baseUrl: string;
let callers: readonly (readonly [Transport, string | undefined])[];
let before: ReadonlyMap<string, string>;

beforeAll(async () => {
  platform = await startEverything();
  baseUrl = `http://127.0.0.1:${platform.env.GATEWAY_PORT}`;
  const token = await superAdminToken();
  const connect = createConnectTransport({ baseUrl, httpVersion: "2" });
  callers = [
    [connect, undefined],
    // The strongest caller that there is: nothing but the contract's rules stands between it and the services.
    [connect, token],
    [createGrpcTransport({ baseUrl }), token],
  ];
  before = await settledCounts();
}, 90_000);
afterAll(() => platform?.stop());

describe("every public method", () => {
  test.each(methods.map((method) => [`${method.parent.typeName}/${method.name}`, method] as const))(
    "%s refuses what nobody should send, and says why",
    async (path, method) => {
      const property = fc.asyncProperty(hostileMessage(method.input), async (message) => {
        for (const [transport, token] of callers) {
          if (isWish(method, message)) continue;
          requireReason(await outcomeOf(transport, method, message, token));
        }
      });
      await fc.assert(property, { numRuns });
      for (const type of ["application/proto", "application/json", "application/grpc-web+proto", "text/plain"]) {
        for (const body of [randomBytes(50), Buffer.from('{"a":[{"b":'), Buffer.alloc(5, 0xff)])
          await requireSaneAnswer(path, type, body);
      }
    },
  );

  test("then nothing was written, and the platform works", async () => {
    expect(await settledCounts()).toEqual(before);
    expect((await fetch(`${baseUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${platform.urls.metrics}/readyz`)).status).toBe(200);
  });
});

const validator = createValidator();

/** A write that the contract allows is a wish like any other, and may be granted. */
function isWish({ input, idempotency }: DescMethod, message: Message): boolean {
  const isRead = idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  return !isRead && validator.validate(input, message).kind === "valid";
}

/** What a method says to a request: the error, or undefined when it answered. */
async function outcomeOf(
  transport: Transport,
  method: DescMethod,
  message: Message,
  token: string | undefined,
): Promise<unknown> {
  const client: Readonly<Record<string, unknown>> = createClient(method.parent, transport);
  const send = client[method.localName];
  if (typeof send !== "function") throw new Error(`${method.name} cannot be called`);
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const answer: unknown = await send(message, { headers, timeoutMs: 5_000 });
    if (method.methodKind === "server_streaming") await firstOf(answer);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A watched list is left after its first message. */
async function firstOf(answer: unknown): Promise<void> {
  for await (const _ of answer as AsyncIterable<unknown>) return;
}

function requireReason(error: unknown): void {
  if (error === undefined) return;
  if (!(error instanceof ConnectError)) throw new Error("no answer of the platform", { cause: error });
  const told = reasonOf(error);
  expect([Code[error.code], told?.reason]).toEqual([expect.any(String), expect.stringMatching(/^[A-Z][A-Z_]+$/)]);
  expect([Code.Internal, Code.Unknown, Code.Unavailable, Code.DeadlineExceeded]).not.toContain(error.code);
}

async function requireSaneAnswer(path: string, type: string, body: Buffer): Promise<void> {
  const answer = await fetch(`${baseUrl}/${path}`, {
    method: "POST",
    body: new Uint8Array(body),
    headers: { "content-type": type },
  });
  const text = await answer.text();
  expect([type, answer.status]).toEqual([type, expect.any(Number)]);
  expect([200, 400, 401, 404, 415]).toContain(answer.status);
  if (answer.status !== 200) expect(text).toContain("google.rpc.ErrorInfo");
}

/** How many rows each table of each service has, once no background work changes that any more. */
async function settledCounts(): Promise<ReadonlyMap<string, string>> {
  const client = new pg.Client({ connectionString: platform.database.adminUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema') and schemaname not like '%\\_jobs' and tablename <> all ($1) order by 1`,
      [byThemselves],
    );
    const union = tables.rows.map(({ name }) => `select '${name}' as name, count(*) from ${name}`).join(" union all ");
    const counts = async () => {
      const { rows } = await client.query<{ name: string; count: string }>(union);
      return new Map(rows.map(({ name, count }) => [name, count]));
    };
    for (let known = await counts(); ; ) {
      await client.query("select pg_sleep(0.3)");
      const present = await counts();
      if ([...present].every(([name, count]) => known.get(name) === count)) return present;
      known = present;
    }
  } finally {
    await client.end();
  }
}

async function startEverything(): Promise<Platform> {
  const [key, secret] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  return await testPlatform(services, {
    ports: ["GATEWAY_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT"],
    env: (given) => ({
      GATEWAY_USER_LIMIT: "1000000",
      GATEWAY_ADDRESS_LIMIT: "1000000",
      SANDBOX_API_KEY: key,
      SANDBOX_WEBHOOK_SECRET: secret,
      SMTP_URL: `smtp://127.0.0.1:${given.SANDBOX_SMTP_PORT}`,
      MAIL_FROM: "Dawr <no-reply@dawr.example>",
      PUBLIC_URL: `http://localhost:${given.GATEWAY_PORT}`,
      PAYMENT_SANDBOX_URL: `http://127.0.0.1:${given.SANDBOX_PORT}`,
      PAYMENT_SANDBOX_API_KEY: key,
      PAYMENT_SANDBOX_WEBHOOK_SECRET: secret,
      PAYMENT_WEBHOOK_URL: `http://127.0.0.1:${given.GATEWAY_PORT}/webhooks`,
    }),
  });
}

async function superAdminToken(): Promise<string> {
  const { store, keys, now, newId } = platform.service("identity").host;
  const person = { email: "chief@example.com", password: "copper-lantern-orbit-9", displayName: "Chief" };
  await createSuperAdmin({ store, keys, now, newId, env: {} }, person);
  const { outcome } = await platform.internal(AuthenticationService).logIn({
    email: person.email,
    credential: { case: "password", value: person.password },
    requestId: newId(),
  });
  if (outcome.case !== "tokens") throw new Error("logging in asked for more than a password");
  return outcome.value.accessToken;
}
