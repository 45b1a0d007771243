import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Ask, type EdgeWorld, echoPath, envelope, metadataIn, openEdge, told } from "./edge-world.ts";

let edge: EdgeWorld;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(() => edge.close());

const secret = "s3cr3t";
const request = "dawr.testing.v1.EchoRequest";

describe.each([
  ["HTTP/1.1", (ask: Ask) => edge.overHttp1(ask)],
  ["HTTP/2", (ask: Ask) => edge.overHttp2(ask)],
])("over %s", (_version, send) => {
  const json = { "content-type": "application/json" };

  test.each<[string, string, Record<string, string>]>([
    ["an unknown field", `{"txet":"${secret}"}`, { fields: "txet", rules: "txet: unknown" }],
    [
      "an unknown field further down",
      `{"children":[{},{"txet":"${secret}"}]}`,
      { fields: "txet", rules: "txet: unknown" },
    ],
    ["a text for a number", `{"number":"${secret}"}`, { fields: "number", rules: "number: type int32" }],
    ["a number out of range", '{"number":9007199254740991}', { fields: "number", rules: "number: type int32" }],
    ["a number in a list of texts", '{"labels":["a",7]}', { fields: "labels", rules: "labels: type string" }],
    ["an object for a list", `{"labels":{"a":"${secret}"}}`, { fields: "labels", rules: "labels: type repeated" }],
    ["a list for a map", '{"counts":[]}', { fields: "counts", rules: "counts: type map" }],
    [
      "a value of another kind in a map",
      `{"counts":{"${secret}":true}}`,
      { fields: "counts", rules: "counts: unreadable" },
    ],
    ["bytes that are no base64", '{"data":"%"}', { fields: "data", rules: "data: unreadable" }],
    [
      "a field by both of its names",
      '{"failWith":"a","fail_with":"b"}',
      { fields: "failWith", rules: "failWith: repeated" },
    ],
    ["a key twice", `{"text":"${secret}","text":"b"}`, { fields: "text", rules: "text: repeated" }],
    ["a time that is none", `{"time":"${secret}"}`, { rules: "type google.protobuf.Timestamp" }],
    ["a text for the request", '"JSON"', { rules: `type ${request}` }],
    ["no JSON", `{"text":"${secret}`, { rules: "json" }],
    ["no JSON but a word", `nonsense ${secret}`, { rules: "json" }],
    ["nothing", "", { rules: "json" }],
    ["JSON nested too deeply", `${'{"children":['.repeat(200)}{}${"]}".repeat(200)}`, { rules: "depth" }],
  ])("given %s, when read, then the place is told and never what stood there", async (_, body, metadata) => {
    const answer = await send({ headers: json, body });
    expect([answer.status, told(answer).reason]).toEqual([400, "MALFORMED_MESSAGE"]);
    expect(metadataIn(answer)).toEqual(metadata);
    expect(answer.body.toString()).not.toContain(secret);
  });

  test.each<[string, Ask]>([
    [
      "a stream",
      {
        path: "/dawr.testing.v1.EchoService/Count",
        headers: { "content-type": "application/connect+json" },
        body: envelope('{"upTo":1,"txet":1}'),
      },
    ],
    ["a GET", { method: "GET", path: `${echoPath}?encoding=json&message=%7B%22txet%22%3A1%7D` }],
    ["gRPC-Web in JSON", { headers: { "content-type": "application/grpc-web+json" }, body: envelope('{"txet":1}') }],
  ])("given an unknown field in %s, when read, then it is named", async (_, ask) => {
    const answer = await send(ask);
    expect([told(answer).reason, metadataIn(answer)]).toEqual([
      "MALFORMED_MESSAGE",
      { fields: "txet", rules: "txet: unknown" },
    ]);
  });

  test("given a field that a later version knows, when sent in binary, then it is no mistake", async () => {
    // Field 99, a varint: what a newer client may send to an older server.
    const body = Buffer.from([0x0a, 0x01, 0x61, 0x98, 0x06, 0x01]);
    expect((await send({ headers: { "content-type": "application/proto" }, body })).status).toBe(200);
  });

  test("given both spellings of a field, when sent as JSON, then either is read", async () => {
    for (const body of ['{"failWith":""}', '{"fail_with":""}'])
      expect((await send({ headers: json, body })).status).toBe(200);
  });

  test("given a key of a thousand characters, when it is unknown, then its beginning is told", async () => {
    const answer = await send({ headers: json, body: `{"${"k".repeat(1000)}":1}` });
    expect(metadataIn(answer)?.fields).toBe("k".repeat(100));
  });

  test.each([
    ["a unary method", echoPath, "application/json, application/proto, application/grpc-web, application/grpc"],
    [
      "a stream",
      "/dawr.testing.v1.EchoService/Count",
      "application/connect+json, application/connect+proto, application/grpc-web, application/grpc",
    ],
  ])("given another content type for %s, when refused, then those that would do are told", async (_, path, types) => {
    for (const ask of [{ headers: { "content-type": "text/plain" }, body: "{}" }, { method: "GET" }]) {
      const answer = await send({ path, ...ask });
      expect([answer.status, told(answer).reason]).toEqual([415, "UNSUPPORTED_CONTENT_TYPE"]);
      expect(metadataIn(answer)).toEqual({ path, content_types: types });
      expect(JSON.parse(answer.body.toString()).message).toContain(types);
    }
  });
});
