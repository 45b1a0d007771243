import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop?.close());

describe("the payment page", () => {
  test("given a charge in Arabic, when its page is read, then it is laid out from right to left and fetches nothing", async () => {
    const { id } = await shop.charge({ locale: "ar", description: `قصّ شعر <script>alert("1")</script>` });
    const response = await fetch(`${shop.box.url}/pay/${id}`);
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
    const { id } = await shop.charge();
    const response = await fetch(`${shop.box.url}/pay/${id}?lang=en`, {
      method: "POST",
      body: new URLSearchParams({ number: "4242424242424241", expiry: "12/39", cvc: "123" }),
    });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain('dir="ltr"');
    expect((await shop.box.api("GET", `/v1/charges/${id}`)).body.status).toBe("pending");
  });

  test("given a browser, when it pays, then it is sent back to the shop", async () => {
    const { id } = await shop.charge();
    const response = await fetch(`${shop.box.url}/pay/${id}`, {
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
    const response = await fetch(`${shop.box.url}/pay/ch_0`);
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
  });
});
