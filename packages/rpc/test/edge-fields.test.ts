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
    [
      "a time that is none, where there is one",
      `{"time":"${secret}"}`,
      { fields: "time", rules: "time: type google.protobuf.Timestamp" },
    ],
    [
      "a name that the enum does not have",
      `{"mood":"${secret}"}`,
      { fields: "mood", rules: "mood: in MOOD_UNSPECIFIED, MOOD_CALM" },
    ],
    [
      "a duration that is none, where there are two",
      `{"pause":"${secret}"}`,
      { rules: "type google.protobuf.Duration" },
    ],
    ["an enum's number as it is", '{"mood":1,"text":7}', { fields: "text", rules: "text: type string" }],
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

  test.each([
    ["a thousand characters", "k".repeat(1000), "k".repeat(100)],
    ["a character across the end of what is told", `${"k".repeat(99)}😀`, `${"k".repeat(99)}\ufffd`],
    ["nothing", "", ""],
  ])("given an unknown key of %s, when refused, then what is told of it can be sent", async (_, key, told) => {
    const body = `{"${key}":1}`;
    const plain = await send({ headers: json, body });
    expect([plain.status, metadataIn(plain)?.fields ?? ""]).toEqual([400, told]);
    const web = await send({ headers: { "content-type": "application/grpc-web+json" }, body: envelope(body) });
    expect(metadataIn(web)?.fields ?? "").toBe(told);
  });

  test.each([
    ["a key", '{"\\ud800":1}', { fields: "\ufffd", rules: "\ufffd: unknown" }],
    ["a value", '{"number":"\\ud800"}', { fields: "number", rules: "number: type int32" }],
  ])("given half a character in %s, when refused, then it can be sent in any protocol", async (_, body, metadata) => {
    const logged = edge.state.logged.length;
    expect(metadataIn(await send({ headers: json, body }))).toEqual(metadata);
    // Here the library itself fails at its error, and nothing of it is left to be told.
    const web = await send({ headers: { "content-type": "application/grpc-web+json" }, body: envelope(body) });
    expect([told(web), metadataIn(web)]).toEqual([{ code: 3, reason: "MALFORMED_MESSAGE" }, {}]);
    expect(edge.state.logged.length).toBe(logged);
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
