import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { openShop, type Shop } from "./shop.ts";
import type { ApiBody } from "./start-sandbox.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop?.close());

describe("idempotency", () => {
  test("given one key, when 20 callers create at once, then there is one charge and all get the same answer", async () => {
    const wish = { amount: 100, currency: "AED", metadata: { operation_id: "race" } };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => shop.box.api("POST", "/v1/charges", wish, "the-same-key")),
    );
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const { body } = await shop.box.api("GET", "/v1/charges?metadata[operation_id]=race");
    expect(body.data).toHaveLength(1);
  });

  test("given a used key, when another request comes under it, then it is refused", async () => {
    await shop.box.api("POST", "/v1/charges", { amount: 100, currency: "AED" }, "used");
    const { status, body } = await shop.box.api("POST", "/v1/charges", { amount: 101, currency: "AED" }, "used");
    expect([status, body.error.code]).toEqual([409, "idempotency_key_reused"]);
  });

  test("given a refusal, when the request is corrected under the same key, then it is done", async () => {
    expect((await shop.box.api("POST", "/v1/charges", { amount: 0, currency: "AED" }, "corrected")).status).toBe(400);
    expect((await shop.box.api("POST", "/v1/charges", { amount: 1, currency: "AED" }, "corrected")).status).toBe(201);
  });
});

describe("faults of the API", () => {
  async function play(api: Record<string, unknown>): Promise<void> {
    await fetch(`${shop.box.url}/control/faults`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ api }),
    });
  }

  test("given lost answers, when a charge is made, then it is there and its key gives the answer later", async () => {
    await play({ loseResponse: 1 });
    const wish = { amount: 500, currency: "SAR", metadata: { operation_id: "lost" } };
    await expect(shop.box.api("POST", "/v1/charges", wish, "lost-key")).rejects.toThrow();
    await play({});
    const { status, body } = await shop.box.api("POST", "/v1/charges", wish, "lost-key");
    expect(status).toBe(201);
    expect((await shop.box.api("GET", "/v1/charges?metadata[operation_id]=lost")).body.data).toMatchObject([
      { id: body.id },
    ]);
  });

  test("given failing calls, when a charge is made, then it is answered with 500 and not done", async () => {
    await play({ fail: 1 });
    expect((await shop.box.api("POST", "/v1/charges", { amount: 1, currency: "AED" })).status).toBe(500);
  });
});

describe("what the API refuses", () => {
  const rows: readonly (readonly [string, string, string, RequestInit, number, string])[] = [
    ["no key", "POST", "/v1/charges", {}, 401, "unauthorized"],
    ["another key", "GET", "/v1/charges", { headers: { authorization: "Bearer x" } }, 401, "unauthorized"],
    ["an unknown path", "GET", "/v2/charges", {}, 404, "not_found"],
    ["another method", "DELETE", "/v1/charges", {}, 405, "method_not_allowed"],
    ["a fault plan of nonsense", "PUT", "/control/faults", { body: "{}", headers: {} }, 400, "invalid_request"],
  ];
  test.each(rows)("given %s, when called, then it is refused", async (_name, method, path, init, status, code) => {
    const response = await fetch(`${shop.box.url}${path}`, { method, ...init });
    const body: ApiBody = await response.json();
    expect([response.status, body.error.code]).toEqual([status, code]);
  });

  test.each([
    { amount: 1.5, currency: "JOD" },
    { amount: "1", currency: "JOD" },
    { amount: 1, currency: "jod" },
    { amount: 1, currency: "JOD", return_url: "javascript:alert(1)" },
    { amount: 1, currency: "JOD", webhook_url: "file:///etc/passwd" },
    { amount: 1, currency: "JOD", surprise: true },
    [],
  ])("given the body %j, when a charge is made, then it is refused", async (body) => {
    expect((await shop.box.api("POST", "/v1/charges", body)).status).toBe(400);
  });

  test("given a body that is too large, when sent, then it is refused", async () => {
    const { status } = await shop.box.api("POST", "/v1/charges", { description: "x".repeat(300_000) });
    expect(status).toBe(413);
  });
});
