import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import zlib from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { ErrorInfoSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "@dawr/gen/google/rpc/status_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type EdgeServer, type HttpRequest, serveEdge } from "../src/index.ts";
import { type EchoState, echoFixture } from "./echo-service.ts";
import { eventually } from "./eventually.ts";

let server: EdgeServer;
let state: EchoState;
const requests: HttpRequest[] = [];

beforeAll(async () => {
  const fixture = echoFixture();
  state = fixture.state;
  server = await serveEdge({
    mounted: [fixture.mounted],
    port: 0,
    host: "127.0.0.1",
    maxBodyBytes: 100_000,
    trustedProxies: 1,
    cors: { origins: ["https://app.example"] },
    log: { error: (fields, message) => state.logged.push({ fields, message }) },
    hooks: { onRequest: ({ path }, setHeader) => path.endsWith("/Write") && setHeader("deprecation", "true") },
    http: [
      {
        method: "POST",
        path: "/webhooks/{gateway}",
        handle(request) {
          requests.push(request);
          return { status: 202, headers: { "content-type": "text/plain" }, body: `took ${request.params.gateway}` };
        },
      },
      { method: "GET", path: "/breaks", handle: () => Promise.reject(new Error("secret")) },
    ],
  });
});
afterAll(() => server.close(0));

type Answer = {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly trailers: Record<string, string>;
};
type Ask = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
};

const echoPath = "/dawr.testing.v1.EchoService/Echo";
const strings = (headers: object) => Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, String(v)]));

async function overHttp1({ method = "POST", path = echoPath, headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port: server.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: strings(response.headers),
          body: Buffer.concat(chunks),
          trailers: strings(response.trailers),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function overHttp2({ method = "POST", path = echoPath, headers = {}, body }: Ask): Promise<Answer> {
  const session = http2.connect(`http://127.0.0.1:${server.port}`);
  try {
    return await new Promise((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ":method": method, ":path": path, ...headers });
      let status = 0;
      let received: Record<string, string> = {};
      let trailers: Record<string, string> = {};
      const chunks: Buffer[] = [];
      stream.on("response", (head) => {
        status = Number(head[":status"]);
        received = strings(head);
      });
      stream.on("trailers", (trailer) => {
        trailers = strings(trailer);
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => resolve({ status, headers: received, body: Buffer.concat(chunks), trailers }));
      stream.on("error", reject);
      stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

function envelope(message: Uint8Array | string, flags = 0): Buffer {
  const bytes = Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

type Told = { readonly code: string | number | undefined; readonly reason: string | undefined };

/** What an answer says by machine, in whichever protocol it is. */
function told({ headers, body, trailers }: Answer): Told {
  const type = headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) {
    const at = body.lastIndexOf(Buffer.from([0x80]));
    const text = headers["grpc-status"] === undefined ? body.subarray(at + 5).toString() : "";
    const lines = text.split("\r\n").map((line) => line.split(": ", 2));
    return grpcTold({ ...headers, ...Object.fromEntries(lines) });
  }
  if (type.startsWith("application/grpc")) return grpcTold({ ...headers, ...trailers });
  const json = type.startsWith("application/connect+")
    ? JSON.parse(body.subarray(5).toString()).error
    : JSON.parse(body.toString());
  const info = json.details?.find((d: { type: string }) => d.type === "google.rpc.ErrorInfo");
  return { code: json.code, reason: info && fromBinary(ErrorInfoSchema, base64Decode(info.value)).reason };
}

function grpcTold(headers: Record<string, string>): Told {
  const packed = headers["grpc-status-details-bin"];
  const status = packed === undefined ? undefined : fromBinary(StatusSchema, base64Decode(packed));
  const info = status?.details.find((d) => d.typeUrl.endsWith("google.rpc.ErrorInfo"));
  return { code: Number(headers["grpc-status"]), reason: info && fromBinary(ErrorInfoSchema, info.value).reason };
}

const nested = (depth: number) => `${'{"children":['.repeat(depth)}{}${"]}".repeat(depth)}`;
const invalidUtf8 = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
const invalidUtf8Binary = Buffer.from([0x0a, 0x02, 0xc3, 0x28]);
const large = "x".repeat(100_001);

describe.each([
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
])("malformed input over %s", (version, ask) => {
  const json = { "content-type": "application/json" };
  const proto = { "content-type": "application/proto" };
  const stream = { "content-type": "application/connect+json" };
  const web = { "content-type": "application/grpc-web+proto" };
  const native = { "content-type": "application/grpc", te: "trailers" };

  test.each<[string, Ask, Told & { readonly status?: number }]>([
    [
      "JSON that is none",
      { headers: json, body: "{nonsense" },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "JSON of another kind",
      { headers: json, body: '{"number":"many"}' },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "JSON in invalid UTF-8",
      { headers: json, body: invalidUtf8 },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "JSON nested 200 deep",
      { headers: json, body: nested(200) },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "JSON nested 5,000 deep",
      { headers: json, body: nested(5000) },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "unknown fields nested 20,000 deep",
      { headers: json, body: `{"other":${"[".repeat(20_000)}${"]".repeat(20_000)},"number":-1}` },
      { code: "invalid_argument", reason: "VALIDATION_FAILED", status: 400 },
    ],
    [
      "an empty body as JSON",
      { headers: json, body: "" },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "bytes that are no message",
      { headers: proto, body: Buffer.from([0xff, 0xff, 0xff]) },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "text in invalid UTF-8",
      { headers: proto, body: invalidUtf8Binary },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "a body over the limit",
      { headers: json, body: JSON.stringify({ text: large }) },
      { code: "resource_exhausted", reason: "BODY_TOO_LARGE", status: 429 },
    ],
    [
      "a small body that unpacks to one over the limit",
      { headers: { ...json, "content-encoding": "gzip" }, body: zlib.gzipSync(JSON.stringify({ text: large })) },
      { code: "resource_exhausted", reason: "BODY_TOO_LARGE", status: 429 },
    ],
    [
      "a body that is not packed as it says",
      { headers: { ...json, "content-encoding": "gzip" }, body: "{}" },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "an unknown compression",
      { headers: { ...json, "content-encoding": "lzma" }, body: "{}" },
      { code: "unimplemented", reason: "UNSUPPORTED_COMPRESSION" },
    ],
    [
      "an unknown content type",
      { headers: { "content-type": "text/plain" }, body: "{}" },
      { code: "invalid_argument", reason: "UNSUPPORTED_CONTENT_TYPE", status: 415 },
    ],
    ["no content type", { body: "{}" }, { code: "invalid_argument", reason: "UNSUPPORTED_CONTENT_TYPE", status: 415 }],
    [
      "a timeout that is no number",
      { headers: { ...json, "connect-timeout-ms": "soon" }, body: "{}" },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "a method that does not exist",
      { path: "/dawr.testing.v1.EchoService/Nothing", headers: json, body: "{}" },
      { code: "unimplemented", reason: "UNKNOWN_METHOD", status: 404 },
    ],
    [
      "a path that is none of ours",
      { path: "/etc/passwd", headers: json, body: "{}" },
      { code: "unimplemented", reason: "UNKNOWN_METHOD", status: 404 },
    ],
    [
      "a verb that is none of ours",
      { method: "DELETE", headers: json },
      { code: "unimplemented", reason: "UNKNOWN_METHOD", status: 405 },
    ],
    [
      "a write by GET",
      { method: "GET", path: "/dawr.testing.v1.EchoService/Write?message={}&encoding=json" },
      { code: "unimplemented", reason: "UNKNOWN_METHOD", status: 405 },
    ],
    [
      "a read by GET with rubbish in it",
      { method: "GET", path: `${echoPath}?message=%7Bnope&encoding=json` },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
    ],
    [
      "Connect stream: JSON that is none",
      { path: "/dawr.testing.v1.EchoService/Count", headers: stream, body: envelope("{nonsense") },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE" },
    ],
    [
      "Connect stream: an envelope cut short",
      { path: "/dawr.testing.v1.EchoService/Count", headers: stream, body: envelope("{}").subarray(0, 6) },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE" },
    ],
    [
      "Connect stream: an unknown method",
      { path: "/dawr.testing.v1.EchoService/Nothing", headers: stream, body: envelope("{}") },
      { code: "unimplemented", reason: "UNKNOWN_METHOD" },
    ],
    [
      "Connect stream: bytes in a client's stream",
      {
        path: "/dawr.testing.v1.EchoService/Sum",
        headers: stream,
        body: Buffer.concat([envelope('{"number":"1"}'), envelope("[1,2]")]),
      },
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE" },
    ],
    [
      "gRPC-Web: bytes that are no message",
      { headers: web, body: envelope(new Uint8Array([0xff, 0xff, 0xff])) },
      { code: 3, reason: "MALFORMED_MESSAGE" },
    ],
    [
      "gRPC-Web: an unknown method",
      { path: "/dawr.testing.v1.EchoService/Nothing", headers: web, body: envelope("") },
      { code: 12, reason: "UNKNOWN_METHOD" },
    ],
    ["gRPC-Web: a body over the limit", { headers: web, body: envelope(large) }, { code: 8, reason: "BODY_TOO_LARGE" }],
    [
      "gRPC: bytes that are no message",
      { headers: native, body: envelope(Buffer.from([0xff, 0xff, 0xff])) },
      { code: 3, reason: "MALFORMED_MESSAGE" },
    ],
    [
      "gRPC: text in invalid UTF-8",
      { headers: native, body: envelope(invalidUtf8Binary) },
      { code: 3, reason: "MALFORMED_MESSAGE" },
    ],
    ["gRPC: no message", { headers: native, body: "" }, { code: 3, reason: "MALFORMED_MESSAGE" }],
    [
      "gRPC: an envelope that claims 4 GB",
      { headers: native, body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]) },
      { code: 8, reason: "BODY_TOO_LARGE" },
    ],
    [
      "gRPC: an unknown method",
      { path: "/dawr.testing.v1.EchoService/Nothing", headers: native, body: envelope("") },
      { code: 12, reason: "UNKNOWN_METHOD" },
    ],
    [
      "gRPC: an unknown compression",
      { headers: { ...native, "grpc-encoding": "lzma" }, body: envelope("") },
      { code: 12, reason: "UNSUPPORTED_COMPRESSION" },
    ],
  ])("%s", async (_name, input, { status, ...expected }) => {
    // What HTTP/1.1 cannot carry is not sent over it.
    if (version === "HTTP/1.1" && input.headers === native) return;
    const logged = state.logged.length;
    const answer = await ask(input);
    expect(told(answer)).toEqual(expected);
    if (status !== undefined) expect(answer.status).toBe(status);
    expect(state.logged.length).toBe(logged);
  });

  test("streams in both directions are refused over HTTP/1.1 and open over HTTP/2", async () => {
    const answer = await ask({
      path: "/dawr.testing.v1.EchoService/Chat",
      headers: stream,
      body: envelope('{"text":"a"}'),
    });
    if (version === "HTTP/1.1") expect(told(answer)).toEqual({ code: "unimplemented", reason: "NOT_OFFERED" });
    else expect(answer.body.toString()).toContain('{"text":"a!"}');
  });

  test("every answer has the security headers and the request's id", async () => {
    for (const path of [echoPath, "/nothing"]) {
      const { headers } = await ask({ path, headers: { ...json, "x-request-id": "r-7" }, body: "{}" });
      expect(headers).toMatchObject({
        "x-request-id": "r-7",
        "x-content-type-options": "nosniff",
        "content-security-policy": expect.stringContaining("default-src 'none'"),
      });
    }
    const { headers } = await ask({ headers: { ...json, "x-request-id": "<script>" }, body: "{}" });
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("pages of known origins may call, others not", async () => {
    const known = await ask({
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "POST" },
    });
    expect(known).toMatchObject({ status: 204, headers: { "access-control-allow-origin": "https://app.example" } });
    expect(known.headers["access-control-allow-headers"]).toMatch(/authorization/i);
    const answer = await ask({ headers: { ...json, origin: "https://app.example" }, body: "{}" });
    expect(answer.headers["access-control-allow-origin"]).toBe("https://app.example");
    const stranger = await ask({
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(stranger.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("the client's address is what the trusted proxy says last", async () => {
    const { body } = await ask({ headers: { ...json, "x-forwarded-for": "9.9.9.9, 1.2.3.4" }, body: "{}" });
    expect(JSON.parse(body.toString()).seen.peer).toBe("1.2.3.4");
  });

  test("hooks may set headers", async () => {
    const answer = await ask({ path: "/dawr.testing.v1.EchoService/Write", headers: json, body: "{}" });
    expect(answer.headers.deprecation).toBe("true");
  });

  test("large answers are compressed for who can read that", async () => {
    const body = JSON.stringify({ text: "a".repeat(5000) });
    const answer = await ask({ headers: { ...json, "accept-encoding": "gzip" }, body });
    expect(answer.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(zlib.gunzipSync(answer.body).toString()).text).toHaveLength(5000);
    expect((await ask({ headers: json, body })).headers["content-encoding"]).toBeUndefined();
  });

  test("plain routes get what was sent and answer what they like", async () => {
    const answer = await ask({ path: "/webhooks/tap?x=1", headers: { "x-signature": "s" }, body: "raw body" });
    expect(answer).toMatchObject({ status: 202, body: Buffer.from("took tap") });
    const [request] = requests.splice(0);
    expect(request).toMatchObject({ path: "/webhooks/tap", params: { gateway: "tap" } });
    expect(request?.headers.get("x-signature")).toBe("s");
    expect(Buffer.from(request?.body ?? []).toString()).toBe("raw body");
    expect((await ask({ path: "/webhooks/tap", body: large })).status).toBe(413);
    expect(requests).toHaveLength(0);
  });

  test("a plain route that breaks says nothing of why", async () => {
    const answer = await ask({ method: "GET", path: "/breaks" });
    expect(answer.status).toBe(500);
    expect(told(answer)).toEqual({ code: "internal", reason: "INTERNAL" });
    expect(answer.body.toString()).not.toContain("secret");
    state.logged.length = 0;
  });
});

describe("connections", () => {
  const connect = () =>
    new Promise<net.Socket>((resolve) => {
      const socket: net.Socket = net.connect(server.port, "127.0.0.1", () => resolve(socket));
      socket.on("error", () => undefined);
    });
  const textOf = async (socket: net.Socket) => {
    let text = "";
    for await (const chunk of socket) text += chunk;
    return text;
  };

  test("a request that comes byte by byte is understood", async () => {
    const socket = await connect();
    socket.setNoDelay(true);
    const text = `POST ${echoPath} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    for (const byte of text.slice(0, 12)) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(text.slice(12));
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test("HTTP/2's preface in two parts is understood", async () => {
    const socket = await connect();
    socket.write("PRI * HTTP/2.0\r\n");
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write(Buffer.concat([Buffer.from("\r\nSM\r\n\r\n"), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]));
    const [first] = await Promise.race([
      new Promise<[Buffer]>((resolve) => socket.once("data", (d: Buffer) => resolve([d]))),
    ]);
    // A frame of SETTINGS.
    expect(first[3]).toBe(4);
    socket.destroy();
  });

  test.each([
    ["rubbish", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"],
    ["half a request", "POST / HTT"],
    ["nothing", ""],
  ])("a connection that sends %s and leaves does no harm", async (_name, bytes) => {
    const socket = await connect();
    socket.end(bytes);
    await textOf(socket);
    expect((await overHttp1({ headers: { "content-type": "application/json" }, body: "{}" })).status).toBe(200);
  });

  test("a reader over HTTP/1.1 that stops reading stops the writer", async () => {
    const before = state.produced;
    const body = envelope(JSON.stringify({ upTo: 100_000, payloadBytes: 65_536 }));
    const socket = await connect();
    socket.pause();
    socket.write(
      `POST /dawr.testing.v1.EchoService/Count HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body);
    let last = -1;
    await eventually(async () => {
      const seen = state.produced;
      const isStill = seen === last && seen > before;
      last = seen;
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(isStill).toBe(true);
    });
    expect(state.produced - before).toBeLessThan(1000);
    const ended = state.streamsEnded;
    socket.destroy();
    await eventually(() => expect(state.streamsEnded).toBe(ended + 1));
  });

  test("an HTTP/2 client that resets its stream in the middle cancels the call", async () => {
    const before = state.aborted.length;
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    const stream = session.request({ ":method": "POST", ":path": echoPath, "content-type": "application/json" });
    stream.on("error", () => undefined);
    stream.end('{"failWith":"HANG"}');
    await new Promise((resolve) => setTimeout(resolve, 50));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await eventually(() => expect(state.aborted.length).toBe(before + 1));
    session.destroy();
  });
});
