import zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Ask, type EdgeWorld, echoPath, envelope, large, openEdge, told } from "./edge-world.ts";

let edge: EdgeWorld;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(() => edge.close());

describe.each([
  ["HTTP/1.1", (ask: Ask) => edge.overHttp1(ask)],
  ["HTTP/2", (ask: Ask) => edge.overHttp2(ask)],
])("the edge over %s", (version, ask) => {
  const json = { "content-type": "application/json" };
  const stream = { "content-type": "application/connect+json" };

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
    const [request] = edge.requests.splice(0);
    expect(request).toMatchObject({ path: "/webhooks/tap", params: { gateway: "tap" } });
    expect(request?.headers.get("x-signature")).toBe("s");
    expect(Buffer.from(request?.body ?? []).toString()).toBe("raw body");
    expect((await ask({ path: "/webhooks/tap", body: large })).status).toBe(413);
    expect(edge.requests).toHaveLength(0);
  });

  test("a plain route that breaks says nothing of why", async () => {
    const answer = await ask({ method: "GET", path: "/breaks" });
    expect(answer.status).toBe(500);
    expect(told(answer)).toEqual({ code: "internal", reason: "INTERNAL" });
    expect(answer.body.toString()).not.toContain("secret");
    edge.state.logged.length = 0;
  });
});
