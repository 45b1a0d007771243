import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { isSigned } from "./merchant.ts";
import { openShop, type Shop } from "./shop.ts";
import { type ApiBody, webhookSecret } from "./start-sandbox.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop?.close());

describe("charges", () => {
  test("given a charge, when its customer pays, then the merchant is told once with a valid signature", async () => {
    const { id } = await shop.charge({ metadata: { operation_id: "o1" } });
    const { status, body } = await shop.box.pay(id, "4242 4242 4242 4242");
    expect([status, body.charge.status, body.charge.card]).toEqual([
      200,
      "succeeded",
      { brand: "visa", last4: "4242" },
    ]);
    expect(body.next).toBe(`https://shop.example/paid?charge=${id}&status=succeeded`);
    await eventually(() => expect(shop.toldOf(id)).toEqual(["charge.succeeded"]));
    expect(shop.merchant.received.every((received) => isSigned(received, webhookSecret))).toBe(true);
    expect(shop.merchant.received[0]?.event.data.object).toMatchObject({
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
    const { id } = await shop.charge();
    const { body } = await shop.box.pay(id, number);
    expect([body.charge.status, body.charge.failure_code]).toEqual([end, failure]);
  });

  test("given a declined charge, when another card is tried on the same page, then it succeeds", async () => {
    const { id } = await shop.charge();
    await shop.box.pay(id, "4000000000000002");
    const { body } = await shop.box.pay(id, "4242424242424242");
    expect(body.charge.status).toBe("succeeded");
    await eventually(() => expect(shop.toldOf(id).toSorted()).toEqual(["charge.failed", "charge.succeeded"]));
  });

  test("given the 3-D Secure card, when the code is right, then it is paid; when wrong, it has failed", async () => {
    for (const [code, end] of [
      ["123456", "succeeded"],
      ["000000", "failed"],
    ] as const) {
      const { id } = await shop.charge();
      const { body } = await shop.box.pay(id, "4000000000003220");
      expect(body.next).toBe(`/pay/${id}/challenge?lang=en`);
      const response = await fetch(`${shop.box.url}/pay/${id}/challenge`, {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams({ code }),
      });
      const answer: ApiBody = await response.json();
      expect(answer.charge.status).toBe(end);
    }
  });

  test("given the delay card, when it is used, then it is processing and paid after the seconds of its code", async () => {
    const { id } = await shop.charge();
    const { body } = await shop.box.pay(id, "4000000000008005", { cvc: "001" });
    expect(body.charge.status).toBe("processing");
    await eventually(async () =>
      expect((await shop.box.api("GET", `/v1/charges/${id}`)).body.status).toBe("succeeded"),
    );
    await eventually(() => expect(shop.toldOf(id).toSorted()).toEqual(["charge.pending", "charge.succeeded"]));
  });

  test("given the lost-response card, when it is used, then nobody is answered and the money is taken", async () => {
    const { id } = await shop.charge();
    await expect(shop.box.pay(id, "4000000000007007")).rejects.toThrow();
    expect((await shop.box.api("GET", `/v1/charges/${id}`)).body.status).toBe("succeeded");
    await eventually(() => expect(shop.toldOf(id)).toEqual(["charge.succeeded"]));
  });

  test("given 20 forms at once, when they are sent, then one takes the money", async () => {
    const { id } = await shop.charge();
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.box.pay(id, "4242424242424242")));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    await eventually(() => expect(shop.toldOf(id)).toEqual(["charge.succeeded"]));
  });

  test("given a page whose time is over, when somebody would pay, then it is closed", async () => {
    const { id } = await shop.charge({ expire_time: "2020-01-01T00:00:00Z" });
    expect((await shop.box.pay(id, "4242424242424242")).body.error).toMatchObject({ code: "charge_not_payable" });
    expect((await shop.box.api("GET", `/v1/charges/${id}`)).body).toMatchObject({
      status: "canceled",
      failure_code: "expired",
    });
  });

  test("given a charge with manual capture, when paid, captured and again captured, then the money is taken once", async () => {
    const { id } = await shop.charge({ capture: "manual" });
    expect((await shop.box.pay(id, "4242424242424242")).body.charge).toMatchObject({
      status: "authorized",
      amount_captured: 0,
    });
    expect((await shop.box.api("POST", `/v1/charges/${id}/capture`)).body).toMatchObject({ amount_captured: 36_800 });
    expect((await shop.box.api("POST", `/v1/charges/${id}/capture`)).status).toBe(409);
  });

  test("given a charge, when it is cancelled, then it cannot be paid; a paid one cannot be cancelled", async () => {
    const first = await shop.charge();
    expect((await shop.box.api("POST", `/v1/charges/${first.id}/cancel`)).body.status).toBe("canceled");
    expect((await shop.box.api("POST", `/v1/charges/${first.id}/cancel`)).body.status).toBe("canceled");
    expect((await shop.box.pay(first.id, "4242424242424242")).status).toBe(409);
    const second = await shop.charge();
    await shop.box.pay(second.id, "4242424242424242");
    expect((await shop.box.api("POST", `/v1/charges/${second.id}/cancel`)).status).toBe(409);
  });
});

describe("refunds", () => {
  async function paid(number: string): Promise<string> {
    const { id } = await shop.charge();
    await shop.box.pay(id, number);
    return id;
  }

  test("given a paid charge, when parts are refunded, then never more than was paid", async () => {
    const id = await paid("4242424242424242");
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => shop.box.api("POST", `/v1/charges/${id}/refunds`, { amount: 10_000 })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect((await shop.box.api("POST", `/v1/charges/${id}/refunds`, {})).body).toMatchObject({ amount: 6_800 });
    expect((await shop.box.api("GET", `/v1/charges/${id}`)).body.amount_refunded).toBe(36_800);
    expect((await shop.box.api("GET", `/v1/refunds?charge=${id}`)).body.data).toHaveLength(4);
  });

  test("given the card whose refunds fail, when refunded, then it has failed and nothing is gone", async () => {
    const id = await paid("4000000000007726");
    expect((await shop.box.api("POST", `/v1/charges/${id}/refunds`, {})).body).toMatchObject({ status: "failed" });
    expect((await shop.box.api("GET", `/v1/charges/${id}`)).body.amount_refunded).toBe(0);
    await eventually(() => expect(shop.toldOf(id)).toContain("refund.failed"));
  });

  test("given the card whose refunds take a while, when refunded, then it is pending and then told", async () => {
    const id = await paid("4000000000005126");
    const { body } = await shop.box.api("POST", `/v1/charges/${id}/refunds`, { metadata: { operation_id: "o9" } });
    expect(body.status).toBe("pending");
    await eventually(() => expect(shop.toldOf(id)).toContain("refund.succeeded"));
    const found = await shop.box.api("GET", "/v1/refunds?metadata[operation_id]=o9");
    expect(found.body.data).toMatchObject([{ id: body.id, status: "succeeded" }]);
  });
});

describe("webhooks", () => {
  test("given a merchant that fails, when it is told, then again until it has taken it, with the same event", async () => {
    shop.merchant.answers.push(500, 503, 302);
    const { id } = await shop.charge();
    await shop.box.pay(id, "4242424242424242");
    await eventually(() => expect(shop.merchant.received).toHaveLength(4));
    expect(new Set(shop.merchant.received.map(({ event }) => event.id)).size).toBe(1);
  });

  test("given a plan of faults, when charges are paid, then webhooks come twice, late and out of order", async () => {
    const plan = {
      seed: 7,
      webhooks: { twice: 1, reorder: 0.5, reorderMs: 1_000, late: 0.5, lateMs: 100, lose: 0.5 },
    };
    const put = await fetch(`${shop.box.url}/control/faults`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(plan),
    });
    expect(put.status).toBe(200);
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) {
      const { id } = await shop.charge();
      await shop.box.pay(id, "4242424242424242");
      ids.push(id);
    }
    await eventually(() => expect(shop.merchant.received).toHaveLength(24), { timeoutMs: 10_000 });
    const overtaken = ids.filter((id) => {
      const of = shop.merchant.received
        .filter(({ event }) => event.data.object.id === id)
        .map(({ event }) => event.type);
      return of.indexOf("charge.pending") > of.indexOf("charge.succeeded");
    });
    expect(overtaken.length).toBeGreaterThan(0);
  });
});

test("given card numbers, when they were used, then no log line and no row has more than the last four", async () => {
  const { id } = await shop.charge();
  await shop.box.pay(id, "4242424242424242");
  expect(shop.box.logged()).not.toMatch(/4242424242424242|4242 4242/);
  const rows = await shop.box.running
    .service("sandbox")
    .store.read((tx) =>
      tx.query<{ found: bigint }>("select count(*) as found from charge c where c::text like '%42424242%'"),
    );
  expect(rows).toEqual([{ found: 0n }]);
});
