import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { expectBalanced, paid, refusal, started } from "./doings.ts";
import { customer, operator, type Person, startPayment, type TestPayment, wish } from "./start-payment.ts";

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

  describe("given a paid payment of 30 JOD, tax 4.8, fee 2 (PY-07)", () => {
    const member = { ...stranger, permissions: ["payments.refund"] };
    const refund = (person: Person, name: string, amountMinor?: bigint) =>
      refusal(
        service.as(person).payments.refundPayment({
          name,
          requestId: crypto.randomUUID(),
          ...(amountMinor === undefined ? {} : { amount: { currencyCode: "JOD", amountMinor } }),
        }),
      );
    const refunds = (name: string) =>
      service.query("select service_minor, tax_minor, fee_minor from refund where payment_id = $1 order by id", [
        name.slice(9),
      ]);
    const transfersOf = async (name: string) =>
      (await service.as(operator).ledger.listTransfers({ payment: name })).transfers.length;

    test("when a member gives back more than price and tax, then it is refused and nothing is written; exactly both is done", async () => {
      const { name } = await paid(service);
      expect(await refund(member, name, 34_801n)).toBe("REFUND_EXCEEDS_PRICE");
      expect(await refund(member, name, 36_801n)).toBe("REFUND_EXCEEDS_PAYMENT");
      expect([await refunds(name), await transfersOf(name)]).toEqual([[], 1]);
      expect(await refund(member, name, 34_800n)).toBe("none");
      expect(await refund(member, name, 1n)).toBe("REFUND_EXCEEDS_PRICE");
      expect(await refund(member, name)).toBe("REFUND_EXCEEDS_PRICE");
      expect(await refunds(name)).toEqual([{ service_minor: 30_000n, tax_minor: 4_800n, fee_minor: 0n }]);
      expect(await refund(operator, name)).toBe("none");
      expect(await refunds(name)).toContainEqual({ service_minor: 0n, tax_minor: 0n, fee_minor: 2_000n });
      await expectBalanced(service);
    });

    test("when a member names no amount, then price and tax go back and the fee stays; a service and an operator give all", async () => {
      const { name } = await paid(service);
      expect(await refund(member, name)).toBe("none");
      expect(await refunds(name)).toEqual([{ service_minor: 30_000n, tax_minor: 4_800n, fee_minor: 0n }]);
      const whole = [{ service_minor: 30_000n, tax_minor: 4_800n, fee_minor: 2_000n }];
      const { name: byService } = await paid(service);
      await service.payments.refundPayment({ name: byService, requestId: crypto.randomUUID() });
      expect(await refunds(byService)).toEqual(whole);
      for (const role of ["support", "admin", "super-admin"]) {
        const { name: byOperator } = await paid(service);
        // Also one who works for the provider besides.
        expect(await refund({ ...member, roles: [role] }, byOperator, 36_800n)).toBe("none");
        expect(await refunds(byOperator)).toEqual(whole);
      }
      await expectBalanced(service);
    });

    test("when 20 members at once give back 2 JOD each, then 17 do, and the fee of as much stays", async () => {
      const { name } = await paid(service);
      const answers = await Promise.all(Array.from({ length: 20 }, () => refund(member, name, 2_000n)));
      expect(answers.toSorted()).toEqual([...Array(3).fill("REFUND_EXCEEDS_PRICE"), ...Array(17).fill("none")]);
      const [sums] = await service.query(
        "select sum(service_minor + tax_minor)::int as sold, sum(fee_minor)::int as fee from refund where payment_id = $1",
        [name.slice(9)],
      );
      expect(sums).toEqual({ sold: 34_000, fee: 0 });
      await expectBalanced(service);
    });
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
