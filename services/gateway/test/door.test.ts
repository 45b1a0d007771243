import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import { AccountService } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { RetryInfoSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { grpcCaller, isPublic, reasonOf } from "@dawr/rpc";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { publicServices } from "../src/public-services.ts";
import { type SmallPlatform, someone, startSmallPlatform } from "./small-platform.ts";

let small: SmallPlatform;
beforeAll(async () => {
  small = await startSmallPlatform({ GATEWAY_ORIGINS: "https://app.example" });
});
afterAll(() => small.stop());

const transports: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  [
    "Connect JSON over HTTP/1.1",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ],
  ["Connect binary over HTTP/1.1", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  [
    "Connect JSON over HTTP/2",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  ],
  ["Connect binary over HTTP/2", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  ["gRPC-Web over HTTP/1.1", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC over HTTP/2", (baseUrl) => createGrpcTransport({ baseUrl })],
];

async function refused(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (error instanceof ConnectError) return error;
  throw new Error("the call was not refused", { cause: error });
}
const reason = async (call: Promise<unknown>) => reasonOf(await refused(call))?.reason;
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const inGrpcJs = () => grpcCaller({ addresses: [new URL(small.url).host] });

describe.each(transports)("%s", (_name, transportTo) => {
  const client = <S extends Parameters<typeof createClient>[0]>(service: S) =>
    createClient(service, transportTo(small.url));

  test("given a token, then the service behind sees the person, and no workload's rights", async () => {
    const account = await client(AccountService).getAccount({ name: "accounts/me" }, bearer(await small.token()));
    expect(account.name).toBe(someone);
    expect(small.seen.at(-1)).toMatchObject({ method: "getAccount", account: someone, workload: undefined });
  });

  test("given no token, a forged or an expired one, then the right reason", async () => {
    const get = (options = {}) => client(AccountService).getAccount({ name: "accounts/me" }, options);
    expect(await reason(get())).toBe("TOKEN_MISSING");
    expect(await reason(get(bearer(await small.token(someone, { isForged: true }))))).toBe("TOKEN_INVALID");
    expect(await reason(get(bearer(await small.token(someone, { lifetimeSeconds: -1 }))))).toBe("TOKEN_EXPIRED");
    expect(await reason(get(bearer("nonsense")))).toBe("TOKEN_INVALID");
    expect(await reason(get({ headers: { authorization: "Basic YTpi" } }))).toBe("TOKEN_INVALID");
  });

  test("given an internal method, also with a made-up workload, then there is no such method", async () => {
    const ask = (headers = {}) => client(KeyService).batchGetContacts({ accounts: [someone] }, { headers });
    for (const headers of [
      {},
      { "x-dawr-workload": "booking" },
      { "x-dawr-relayed": "1", ...bearer(await small.token()).headers },
    ]) {
      const error = await refused(ask(headers));
      expect([error.code, reasonOf(error)?.reason]).toEqual([Code.Unimplemented, "UNKNOWN_METHOD"]);
    }
  });

  test("given a stream, then its messages arrive in order", async () => {
    const tokens: string[] = [];
    const provider = "providers/01890000-0000-7000-8000-00000000000b";
    for await (const { resumeToken } of client(AvailabilityService).watchAvailability({
      provider,
      items: [{ service: `${provider}/services/01890000-0000-7000-8000-00000000000c` }],
      startDate: { year: 2026, month: 3, day: 1 },
      days: 1,
    }))
      tokens.push(resumeToken);
    expect(tokens).toEqual(["1", "2"]);
  });

  test("given a deadline, then it goes along, and what lasts longer ends with a reason", async () => {
    await client(CategoryService).listCategories({}, { timeoutMs: 4_000 });
    const left = small.seen.at(-1)?.timeoutMs ?? 0;
    expect(left).toBeGreaterThan(1_000);
    expect(left).toBeLessThanOrEqual(4_000);
    const error = await refused(
      client(CategoryService).listCategories({}, { timeoutMs: 150, headers: { "accept-language": "ar" } }),
    );
    expect(error.code).toBe(Code.DeadlineExceeded);
  });
});

test("given grpc-js, then it is served as well, internal methods excepted", async () => {
  const caller = inGrpcJs();
  expect((await caller.client(CategoryService).listCategories({})).nextPageToken).toBe("more");
  expect(await reason(caller.client(KeyService).batchGetContacts({ accounts: [someone] }))).toBe("UNKNOWN_METHOD");
  expect(await reason(caller.client(AccountService).getAccount({ name: "accounts/me" }))).toBe("TOKEN_MISSING");
  caller.close();
});

test("given buf, when it asks what there is, then it is told the methods that the door opens and no others", async () => {
  const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
  const ask = promisify(execFile);
  const { stdout } = await ask(process.execPath, [buf, "curl", "--http2-prior-knowledge", small.url, "--list-methods"]);
  const told = stdout.split("\n").filter((path) => path.startsWith("dawr."));
  const opened = publicServices
    .flatMap((service) => service.methods)
    .filter(isPublic)
    .map(({ parent, name }) => `${parent.typeName}/${name}`);
  expect(told.toSorted()).toEqual(opened.toSorted());
  expect(told).not.toContain("dawr.availability.v1.ReservationService/Reserve");
});

const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${small.url}${path}`, {
    method: "POST",
    body: typeof body === "string" ? body : new Uint8Array(body),
    headers: { "content-type": "application/json", ...headers },
  });
const sendCode = "/dawr.identity.v1.AuthenticationService/SendCode";
const list = "/dawr.catalog.v1.CategoryService/ListCategories";

/** Status and reason of a refusal in plain HTTP. */
async function plain(answer: Promise<Response>): Promise<readonly [number, string]> {
  const response = await answer;
  const { details } = (await response.json()) as { details: { type: string; debug: { reason: string } }[] };
  return [response.status, details.find(({ type }) => type === "google.rpc.ErrorInfo")?.debug.reason ?? ""];
}

describe("plain HTTP", () => {
  test("given a read, then it may be a GET", async () => {
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: "{}" });
    const answer = await fetch(`${small.url}${list}?${query}`);
    expect([answer.status, await answer.json()]).toEqual([200, { nextPageToken: "more" }]);
  });

  test("given a write, then a GET is refused", async () => {
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: "{}" });
    const answer = await fetch(`${small.url}${sendCode}?${query}`);
    expect(answer.status).toBe(405);
    expect(await answer.text()).toContain("UNKNOWN_METHOD");
  });

  test.each([
    ["an unknown method", "/dawr.identity.v1.AuthenticationService/Nothing", "{}", {}, 404, "UNKNOWN_METHOD"],
    ["an unknown service", "/dawr.nothing.v1.Nothing/Nothing", "{}", {}, 404, "UNKNOWN_METHOD"],
    ["no JSON", sendCode, "{", {}, 400, "MALFORMED_MESSAGE"],
    ["an unknown field", sendCode, '{"nothing":1}', {}, 400, "MALFORMED_MESSAGE"],
    ["a wrong type", sendCode, '{"email":{}}', {}, 400, "MALFORMED_MESSAGE"],
    ["a wrong content type", sendCode, "{}", { "content-type": "text/xml" }, 415, "UNSUPPORTED_CONTENT_TYPE"],
    ["an unknown compression", sendCode, "{}", { "content-encoding": "zstd" }, 501, "UNSUPPORTED_COMPRESSION"],
    ["bytes that are not compressed", sendCode, "{}", { "content-encoding": "gzip" }, 400, "MALFORMED_MESSAGE"],
    [
      "a made-up binary message",
      sendCode,
      "\u0007\u0007",
      { "content-type": "application/proto" },
      400,
      "MALFORMED_MESSAGE",
    ],
    ["fields that break rules", sendCode, '{"email":"x"}', {}, 400, "VALIDATION_FAILED"],
  ])("given %s, then it is refused with a reason", async (_what, path, body, headers, status, why) => {
    expect(await plain(post(path, body, headers as unknown as Record<string, string>))).toEqual([status, why]);
  });

  test("given invalid UTF-8, then it is refused", async () => {
    const body = Buffer.concat([Buffer.from('{"email":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(await plain(post(sendCode, body))).toEqual([400, "MALFORMED_MESSAGE"]);
  });

  test("given deep JSON, then it is refused, and the platform lives", async () => {
    const depth = 200_000;
    const body = `{"email":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(await plain(post(sendCode, body))).toEqual([400, "MALFORMED_MESSAGE"]);
    // In the binary form: a group in a group in a group …
    const groups = Buffer.alloc(2 * depth, Buffer.from([0x9b, 0x06]));
    expect(await plain(post(sendCode, groups, { "content-type": "application/proto" }))).toEqual([
      400,
      "MALFORMED_MESSAGE",
    ]);
    expect((await fetch(`${small.url}/healthz`)).status).toBe(200);
  });

  test("given 10 MB, then it is read; a byte more is refused, over HTTP/1.1 and HTTP/2", async () => {
    const limit = 10_000_000;
    const bodyOf = (size: number) => `{"email":"${"a".repeat(size - 12)}"}`;
    expect(bodyOf(limit).length).toBe(limit);
    expect(await plain(post(sendCode, bodyOf(limit)))).toEqual([400, "VALIDATION_FAILED"]);
    const [status, why] = await plain(post(sendCode, bodyOf(limit + 1)));
    expect([status, why]).toEqual([429, "BODY_TOO_LARGE"]);
    expect(await overHttp2(bodyOf(limit))).toContain("VALIDATION_FAILED");
    expect(await overHttp2(bodyOf(limit + 1))).toContain("BODY_TOO_LARGE");
  });

  test("given an origin, then pages of a known one may call, and no others", async () => {
    const preflight = (origin: string) =>
      fetch(`${small.url}${list}`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
      });
    const known = await preflight("https://app.example");
    expect(known.status).toBe(204);
    expect(known.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(known.headers.get("access-control-allow-headers")?.toLowerCase()).toContain("authorization");
    expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
    const answer = await post(list, "{}", { origin: "https://app.example" });
    expect(answer.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });

  test("given any answer, then it has the security headers and a request id, which goes along", async () => {
    for (const answer of [await post(list, "{}", { "x-request-id": "abc-123" }), await fetch(`${small.url}/nothing`)]) {
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(answer.headers.get("strict-transport-security")).toContain("max-age");
      expect(answer.headers.get("x-request-id")).toMatch(/./);
    }
    expect(small.seen.at(-1)?.requestId).toBe("abc-123");
    const hostile = await post(list, "{}", { "x-request-id": "a b{}" });
    expect(hostile.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("given the routes beside the calls, then they answer", async () => {
    const jwks = await fetch(`${small.url}/.well-known/jwks.json`);
    expect(jwks.headers.get("cache-control")).toContain("max-age=300");
    expect(await jwks.json()).toMatchObject({ keys: [{ kid: "k1", kty: "OKP", crv: "Ed25519" }] });
    expect(await (await fetch(`${small.url}/`)).text()).toContain("dawr.booking.v1.BookingService");
    expect(await (await fetch(`${small.url}/`)).text()).not.toContain("DeliveryService");
  });
});

describe("webhooks (GW-02)", () => {
  test.each([
    ["sandbox", "paid", 204],
    ["sandbox", "malformed", 400],
    ["sandbox", "", 400],
    ["sandbox", "unsigned", 401],
    ["nobody", "paid", 404],
    ["NO-body", "paid", 400],
    ["sandbox", "away", 503],
    ["sandbox", "broken", 503],
    ["sandbox", "x".repeat(1_048_576), 204],
    ["sandbox", "x".repeat(1_048_577), 413],
  ])("given what %s sends, then the answer tells it what to do", async (name, body, status) => {
    const answer = await post(`/webhooks/${name}`, body, { "x-signature": "abc" });
    expect(answer.status).toBe(status);
    if (status === 204) expect(small.seen.at(-1)).toMatchObject({ method: "webhook abc", workload: "gateway" });
  });

  test("given a GET, or the call itself, then there is no such thing", async () => {
    expect((await fetch(`${small.url}/webhooks/sandbox`)).status).toBe(404);
    expect(await plain(post("/dawr.payment.v1.PaymentService/IngestWebhook", "{}"))).toEqual([404, "UNKNOWN_METHOD"]);
  });
});

describe("limits (GW-01)", () => {
  let limited: SmallPlatform;
  beforeAll(async () => {
    limited = await startSmallPlatform({ GATEWAY_ADDRESS_LIMIT: "100", GATEWAY_USER_LIMIT: "100" });
  });
  afterAll(() => limited.stop());

  test("given 100 calls in a minute, then all are answered, and the next is told when to come back; per person and per address", async () => {
    const transport = createConnectTransport({ baseUrl: limited.url, httpVersion: "2" });
    const client = createClient(CategoryService, transport);
    const [one, other] = [await limited.token(), await limited.token("accounts/01890000-0000-7000-8000-0000000000ff")];
    for (const options of [{}, bearer(one)]) {
      await Promise.all(Array.from({ length: 100 }, () => client.listCategories({}, options)));
      const error = await refused(client.listCategories({}, options));
      expect([error.code, reasonOf(error)?.reason]).toEqual([Code.ResourceExhausted, "RATE_LIMITED"]);
      const [retry] = error.findDetails(RetryInfoSchema);
      const seconds = Number(retry?.retryDelay?.seconds);
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
    }
    await client.listCategories({}, bearer(other));
  });
});

async function overHttp2(body: string): Promise<string> {
  const session = connect(small.url);
  const stream = session.request({ ":method": "POST", ":path": sendCode, "content-type": "application/json" });
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  stream.end(body);
  await once(stream, "end");
  session.close();
  return text;
}
