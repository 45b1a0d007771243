import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { paid, refusal, started } from "./doings.ts";
import { customer, operator, startPayment, type TestPayment, wish } from "./start-payment.ts";

let service: TestPayment;

beforeAll(async () => {
  service = await startPayment();
});

afterAll(async () => {
  await service?.stop();
});

describe("who may do what", () => {
  const stranger = { account: "accounts/01920000-0000-7000-8000-0000000000ff" };

  test("given a payment, when read, then its customer sees the page to pay on, operators do not, strangers see nothing", async () => {
    const { name } = await started(service);
    expect((await service.as({ account: customer }).payments.getPayment({ name })).payUrl).not.toBe("");
    expect((await service.as(operator).payments.getPayment({ name })).payUrl).toBe("");
    const noMember = { ...stranger, permissions: ["bookings.read"] };
    expect(await refusal(service.as(noMember).payments.getPayment({ name }))).toBe("NOT_FOUND");
    const member = { ...stranger, permissions: ["payments.read"] };
    expect((await service.as(member).payments.getPayment({ name })).payUrl).toBe("");
  });

  test("given a paid payment, when a member refunds, then only with the permission", async () => {
    const { name } = await paid(service);
    const request = () => ({
      name,
      amount: { currencyCode: "JOD", amountMinor: 100n },
      requestId: crypto.randomUUID(),
    });
    expect(await refusal(service.as(stranger).payments.refundPayment(request()))).toBe("NOT_FOUND");
    expect(await refusal(service.as({ account: customer }).payments.refundPayment(request()))).toBe("NOT_FOUND");
    const member = { ...stranger, permissions: ["payments.refund"] };
    expect(await refusal(service.as(member).payments.refundPayment(request()))).toBe("none");
    expect(await service.query("select requested_by from refund where payment_id = $1", [name.slice(9)])).toEqual([
      { requested_by: stranger.account },
    ]);
  });

  test("given internal methods, when a person calls them, then they are not there", async () => {
    const { payments, ledger } = service.as({ account: customer });
    expect(await refusal(payments.createPayment(wish()))).toBe("NOT_FOUND");
    expect(
      await refusal(
        payments.cancelPayment({ name: `payments/${crypto.randomUUID()}`, requestId: crypto.randomUUID() }),
      ),
    ).toBe("NOT_FOUND");
    expect(await refusal(ledger.verifyLedger({}))).toBe("NOT_FOUND");
  });

  test("given an account's payments, when listed page by page, then each comes once, the latest first", async () => {
    const account = `accounts/${crypto.randomUUID()}`;
    const names: string[] = [];
    for (let index = 0; index < 5; index++)
      names.unshift((await service.payments.createPayment(wish({ account }))).name);
    const { payments } = service.as({ account });
    const listed: string[] = [];
    let pageToken = "";
    do {
      const page = await payments.listPayments({ account, pageSize: 2, pageToken });
      listed.push(...page.payments.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(listed).toEqual(names);
    const first = await payments.listPayments({ account, pageSize: 2 });
    const other = service.as({ account: customer }).payments;
    expect(await refusal(other.listPayments({ account: customer, pageToken: first.nextPageToken }))).toBe(
      "PAGE_TOKEN_INVALID",
    );
    expect(await refusal(other.listPayments({ account }))).toBe("NOT_FOUND");
  });
});
