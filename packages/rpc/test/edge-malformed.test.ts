import zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Ask, type EdgeWorld, echoPath, envelope, large, openEdge, type Told, told } from "./edge-world.ts";

let edge: EdgeWorld;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(() => edge.close());

const nested = (depth: number) => `${'{"children":['.repeat(depth)}{}${"]}".repeat(depth)}`;
const invalidUtf8 = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
const invalidUtf8Binary = Buffer.from([0x0a, 0x02, 0xc3, 0x28]);

describe.each([
  ["HTTP/1.1", (ask: Ask) => edge.overHttp1(ask)],
  ["HTTP/2", (ask: Ask) => edge.overHttp2(ask)],
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
      { code: "invalid_argument", reason: "MALFORMED_MESSAGE", status: 400 },
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
    const logged = edge.state.logged.length;
    const answer = await ask(input);
    expect(told(answer)).toEqual(expected);
    if (status !== undefined) expect(answer.status).toBe(status);
    expect(edge.state.logged.length).toBe(logged);
  });
});
