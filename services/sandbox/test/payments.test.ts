import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { isSigned, type Merchant, startMerchant } from "./merchant.ts";
import { type ApiBody, startSandbox, type TestSandbox, webhookSecret } from "./start-sandbox.ts";

let box: TestSandbox;
let merchant: Merchant;

beforeAll(async () => {
  box = await startSandbox();
  merchant = await startMerchant();
});

afterAll(async () => {
  await box?.stop();
  await merchant?.close();
});

beforeEach(async () => {
  merchant.received.length = 0;
  merchant.answers.length = 0;
  await fetch(`${box.url}/control/faults`, { method: "DELETE" });
});

async function charge(more: Record<string, unknown> = {}): Promise<ApiBody> {
  const wish = { amount: 36_800, currency: "JOD", webhook_url: merchant.url, return_url: "https://shop.example/paid" };
  const { status, body } = await box.api("POST", "/v1/charges", { ...wish, ...more });
  expect(status).toBe(201);
  return body;
}

/** What the merchant was told about a charge or its refunds. */
const types = (charge: string) =>
  merchant.received
    .filter(({ event }) => [event.data.object.id, event.data.object.charge].includes(charge))
    .map(({ event }) => event.type);

describe("charges", () => {
  test("given a charge, when its customer pays, then the merchant is told once with a valid signature", async () => {
    const { id } = await charge({ metadata: { operation_id: "o1" } });
    const { status, body } = await box.pay(id, "4242 4242 4242 4242");
    expect([status, body.charge.status, body.charge.card]).toEqual([
      200,
      "succeeded",
      { brand: "visa", last4: "4242" },
    ]);
    expect(body.next).toBe(`https://shop.example/paid?charge=${id}&status=succeeded`);
    await eventually(() => expect(types(id)).toEqual(["charge.succeeded"]));
    expect(merchant.received.every((received) => isSigned(received, webhookSecret))).toBe(true);
    expect(merchant.received[0]?.event.data.object).toMatchObject({
      id,
      status: "succeeded",
      amount: 36_800,
      amount_captured: 36_800,
      currency: "JOD",
      metadata: { operation_id: "o1" },
    });
  });

  const ends: readonly (readonly [string, string, string | null])[] = [
    ["4000000000000002", "failed", "card_declined"],
    ["4000000000009995", "failed", "insufficient_funds"],
    ["4111111111111111", "failed", "card_declined"],
    ["4000000000003220", "requires_action", null],
    ["4000000000007726", "succeeded", null],
  ];
  test.each(ends)("given card %s, when it is used, then the charge is %s (%s)", async (number, end, failure) => {
    const { id } = await charge();
    const { body } = await box.pay(id, number);
    expect([body.charge.status, body.charge.failure_code]).toEqual([end, failure]);
  });

  test("given a declined charge, when another card is tried on the same page, then it succeeds", async () => {
    const { id } = await charge();
    await box.pay(id, "4000000000000002");
    const { body } = await box.pay(id, "4242424242424242");
    expect(body.charge.status).toBe("succeeded");
    await eventually(() => expect(types(id).toSorted()).toEqual(["charge.failed", "charge.succeeded"]));
  });

  test("given the 3-D Secure card, when the code is right, then it is paid; when wrong, it has failed", async () => {
    for (const [code, end] of [
      ["123456", "succeeded"],
      ["000000", "failed"],
    ] as const) {
      const { id } = await charge();
      const { body } = await box.pay(id, "4000000000003220");
      expect(body.next).toBe(`/pay/${id}/challenge?lang=en`);
      const response = await fetch(`${box.url}/pay/${id}/challenge`, {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams({ code }),
      });
      const answer: ApiBody = await response.json();
      expect(answer.charge.status).toBe(end);
    }
  });

  test("given the delay card, when it is used, then it is processing and paid after the seconds of its code", async () => {
    const { id } = await charge();
    const { body } = await box.pay(id, "4000000000008005", { cvc: "001" });
    expect(body.charge.status).toBe("processing");
    await eventually(async () => expect((await box.api("GET", `/v1/charges/${id}`)).body.status).toBe("succeeded"));
    await eventually(() => expect(types(id).toSorted()).toEqual(["charge.pending", "charge.succeeded"]));
  });

  test("given the lost-response card, when it is used, then nobody is answered and the money is taken", async () => {
    const { id } = await charge();
    await expect(box.pay(id, "4000000000007007")).rejects.toThrow();
    expect((await box.api("GET", `/v1/charges/${id}`)).body.status).toBe("succeeded");
    await eventually(() => expect(types(id)).toEqual(["charge.succeeded"]));
  });

  test("given 20 forms at once, when they are sent, then one takes the money", async () => {
    const { id } = await charge();
    const answers = await Promise.all(Array.from({ length: 20 }, () => box.pay(id, "4242424242424242")));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    await eventually(() => expect(types(id)).toEqual(["charge.succeeded"]));
  });

  test("given a page whose time is over, when somebody would pay, then it is closed", async () => {
    const { id } = await charge({ expire_time: "2020-01-01T00:00:00Z" });
    expect((await box.pay(id, "4242424242424242")).body.error).toMatchObject({ code: "charge_not_payable" });
    expect((await box.api("GET", `/v1/charges/${id}`)).body).toMatchObject({
      status: "canceled",
      failure_code: "expired",
    });
  });

  test("given a charge with manual capture, when paid, captured and again captured, then the money is taken once", async () => {
    const { id } = await charge({ capture: "manual" });
    expect((await box.pay(id, "4242424242424242")).body.charge).toMatchObject({
      status: "authorized",
      amount_captured: 0,
    });
    expect((await box.api("POST", `/v1/charges/${id}/capture`)).body).toMatchObject({ amount_captured: 36_800 });
    expect((await box.api("POST", `/v1/charges/${id}/capture`)).status).toBe(409);
  });

  test("given a charge, when it is cancelled, then it cannot be paid; a paid one cannot be cancelled", async () => {
    const first = await charge();
    expect((await box.api("POST", `/v1/charges/${first.id}/cancel`)).body.status).toBe("canceled");
    expect((await box.api("POST", `/v1/charges/${first.id}/cancel`)).body.status).toBe("canceled");
    expect((await box.pay(first.id, "4242424242424242")).status).toBe(409);
    const second = await charge();
    await box.pay(second.id, "4242424242424242");
    expect((await box.api("POST", `/v1/charges/${second.id}/cancel`)).status).toBe(409);
  });
});

describe("idempotency", () => {
  test("given one key, when 20 callers create at once, then there is one charge and all get the same answer", async () => {
    const wish = { amount: 100, currency: "AED", metadata: { operation_id: "race" } };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => box.api("POST", "/v1/charges", wish, "the-same-key")),
    );
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const { body } = await box.api("GET", "/v1/charges?metadata[operation_id]=race");
    expect(body.data).toHaveLength(1);
  });

  test("given a used key, when another request comes under it, then it is refused", async () => {
    await box.api("POST", "/v1/charges", { amount: 100, currency: "AED" }, "used");
    const { status, body } = await box.api("POST", "/v1/charges", { amount: 101, currency: "AED" }, "used");
    expect([status, body.error.code]).toEqual([409, "idempotency_key_reused"]);
  });

  test("given a refusal, when the request is corrected under the same key, then it is done", async () => {
    expect((await box.api("POST", "/v1/charges", { amount: 0, currency: "AED" }, "corrected")).status).toBe(400);
    expect((await box.api("POST", "/v1/charges", { amount: 1, currency: "AED" }, "corrected")).status).toBe(201);
  });
});

describe("refunds", () => {
  async function paid(number: string): Promise<string> {
    const { id } = await charge();
    await box.pay(id, number);
    return id;
  }

  test("given a paid charge, when parts are refunded, then never more than was paid", async () => {
    const id = await paid("4242424242424242");
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => box.api("POST", `/v1/charges/${id}/refunds`, { amount: 10_000 })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect((await box.api("POST", `/v1/charges/${id}/refunds`, {})).body).toMatchObject({ amount: 6_800 });
    expect((await box.api("GET", `/v1/charges/${id}`)).body.amount_refunded).toBe(36_800);
    expect((await box.api("GET", `/v1/refunds?charge=${id}`)).body.data).toHaveLength(4);
  });

  test("given the card whose refunds fail, when refunded, then it has failed and nothing is gone", async () => {
    const id = await paid("4000000000007726");
    expect((await box.api("POST", `/v1/charges/${id}/refunds`, {})).body).toMatchObject({ status: "failed" });
    expect((await box.api("GET", `/v1/charges/${id}`)).body.amount_refunded).toBe(0);
    await eventually(() => expect(types(id)).toContain("refund.failed"));
  });

  test("given the card whose refunds take a while, when refunded, then it is pending and then told", async () => {
    const id = await paid("4000000000005126");
    const { body } = await box.api("POST", `/v1/charges/${id}/refunds`, { metadata: { operation_id: "o9" } });
    expect(body.status).toBe("pending");
    await eventually(() => expect(types(id)).toContain("refund.succeeded"));
    const found = await box.api("GET", "/v1/refunds?metadata[operation_id]=o9");
    expect(found.body.data).toMatchObject([{ id: body.id, status: "succeeded" }]);
  });
});

describe("webhooks", () => {
  test("given a merchant that fails, when it is told, then again until it has taken it, with the same event", async () => {
    merchant.answers.push(500, 503, 302);
    const { id } = await charge();
    await box.pay(id, "4242424242424242");
    await eventually(() => expect(merchant.received).toHaveLength(4));
    expect(new Set(merchant.received.map(({ event }) => event.id)).size).toBe(1);
  });

  test("given a plan of faults, when charges are paid, then webhooks come twice, late and out of order", async () => {
    const plan = {
      seed: 7,
      webhooks: { twice: 1, reorder: 0.5, reorderMs: 1_000, late: 0.5, lateMs: 100, lose: 0.5 },
    };
    const put = await fetch(`${box.url}/control/faults`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(plan),
    });
    expect(put.status).toBe(200);
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) {
      const { id } = await charge();
      await box.pay(id, "4242424242424242");
      ids.push(id);
    }
    await eventually(() => expect(merchant.received).toHaveLength(24), { timeoutMs: 10_000 });
    const overtaken = ids.filter((id) => {
      const of = merchant.received.filter(({ event }) => event.data.object.id === id).map(({ event }) => event.type);
      return of.indexOf("charge.pending") > of.indexOf("charge.succeeded");
    });
    expect(overtaken.length).toBeGreaterThan(0);
  });
});

describe("faults of the API", () => {
  async function play(api: Record<string, unknown>): Promise<void> {
    await fetch(`${box.url}/control/faults`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ api }),
    });
  }

  test("given lost answers, when a charge is made, then it is there and its key gives the answer later", async () => {
    await play({ loseResponse: 1 });
    const wish = { amount: 500, currency: "SAR", metadata: { operation_id: "lost" } };
    await expect(box.api("POST", "/v1/charges", wish, "lost-key")).rejects.toThrow();
    await play({});
    const { status, body } = await box.api("POST", "/v1/charges", wish, "lost-key");
    expect(status).toBe(201);
    expect((await box.api("GET", "/v1/charges?metadata[operation_id]=lost")).body.data).toMatchObject([
      { id: body.id },
    ]);
  });

  test("given failing calls, when a charge is made, then it is answered with 500 and not done", async () => {
    await play({ fail: 1 });
    expect((await box.api("POST", "/v1/charges", { amount: 1, currency: "AED" })).status).toBe(500);
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
    const response = await fetch(`${box.url}${path}`, { method, ...init });
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
    expect((await box.api("POST", "/v1/charges", body)).status).toBe(400);
  });

  test("given a body that is too large, when sent, then it is refused", async () => {
    const { status } = await box.api("POST", "/v1/charges", { description: "x".repeat(300_000) });
    expect(status).toBe(413);
  });
});

describe("the payment page", () => {
  test("given a charge in Arabic, when its page is read, then it is laid out from right to left and fetches nothing", async () => {
    const { id } = await charge({ locale: "ar", description: `قصّ شعر <script>alert("1")</script>` });
    const response = await fetch(`${box.url}/pay/${id}`);
    const text = await response.text();
    expect(text).toContain('<html lang="ar" dir="rtl">');
    expect(text).toContain("&#60;script&#62;");
    expect(text).not.toContain("<script");
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' https://shop.example");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("given the page in English, when a card is wrong, then the page says so and nothing is charged", async () => {
    const { id } = await charge();
    const response = await fetch(`${box.url}/pay/${id}?lang=en`, {
      method: "POST",
      body: new URLSearchParams({ number: "4242424242424241", expiry: "12/39", cvc: "123" }),
    });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain('dir="ltr"');
    expect((await box.api("GET", `/v1/charges/${id}`)).body.status).toBe("pending");
  });

  test("given a browser, when it pays, then it is sent back to the shop", async () => {
    const { id } = await charge();
    const response = await fetch(`${box.url}/pay/${id}`, {
      method: "POST",
      body: new URLSearchParams({ number: "4242424242424242", expiry: "12/39", cvc: "123" }),
      redirect: "manual",
    });
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      `https://shop.example/paid?charge=${id}&status=succeeded`,
    ]);
  });

  test("given no such charge, when its page is asked for, then a page says so", async () => {
    const response = await fetch(`${box.url}/pay/ch_0`);
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
  });
});

test("given card numbers, when they were used, then no log line and no row has more than the last four", async () => {
  const { id } = await charge();
  await box.pay(id, "4242424242424242");
  expect(box.logged()).not.toMatch(/4242424242424242|4242 4242/);
  const rows = await box.running
    .service("sandbox")
    .store.read((tx) =>
      tx.query<{ found: bigint }>("select count(*) as found from charge c where c::text like '%42424242%'"),
    );
  expect(rows).toEqual([{ found: 0n }]);
});
