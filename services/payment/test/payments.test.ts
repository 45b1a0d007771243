import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Payment_State } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { chargeOf, expectBalanced, refusal, started, stateOf } from "./doings.ts";
import { customer, operator, providerId, startPayment, type TestPayment, wish } from "./start-payment.ts";

let service: TestPayment;

beforeAll(async () => {
  service = await startPayment();
});

afterAll(async () => {
  await service?.stop();
});

beforeEach(() => {
  service.gateway.forget();
});

describe("CreatePayment", () => {
  test("given a booking, when its payment is created, then the customer has a page to pay on", async () => {
    const request = wish();
    const payment = await service.payments.createPayment(request);
    expect(payment).toMatchObject({
      booking: request.booking,
      account: customer,
      provider: `providers/${providerId}`,
      state: Payment_State.PENDING,
      gateway: "sandbox",
      payUrl: `http://gateway.example/pay/${(await chargeOf(service, payment.name)).id}`,
      failureCode: "",
      refunds: [],
    });
    expect(payment.amounts?.total).toMatchObject({ currencyCode: "JOD", amountMinor: 36_800n });
  });

  test("given a booking, when its payment is created 16 times at once, then there is one payment and one charge", async () => {
    const request = wish();
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => service.payments.createPayment({ ...request, requestId: crypto.randomUUID() })),
    );
    expect(new Set(answers.map(({ name, payUrl }) => `${name} ${payUrl}`)).size).toBe(1);
    const rows = await service.query("select id from payment where subject = $1", [request.booking]);
    expect(rows).toHaveLength(1);
  });

  test("given a created payment, when the same request comes again, then the answer is the same; another one is refused", async () => {
    const request = wish();
    const first = await service.payments.createPayment(request);
    expect(await service.payments.createPayment(request)).toEqual(first);
    expect(service.gateway.calls.create).toBe(1);
    expect(await refusal(service.payments.createPayment({ ...request, description: "other" }))).toBe(
      "REQUEST_ID_REUSED",
    );
  });

  test("given a payment, when the same booking is to be paid with another amount, then it is refused", async () => {
    const request = wish();
    await service.payments.createPayment(request);
    const money = (amountMinor: bigint) => ({ currencyCode: "JOD", amountMinor });
    const amounts = { servicePrice: money(1n), tax: money(0n), platformFee: money(0n), total: money(1n) };
    const other = wish({ booking: request.booking, amounts });
    expect(await refusal(service.payments.createPayment(other))).toBe("PAYMENT_EXISTS");
  });

  const jod = (amountMinor: bigint) => ({ currencyCode: "JOD", amountMinor });
  const wrongs: readonly (readonly [string, Parameters<typeof wish>[0], string])[] = [
    [
      "parts that do not add up",
      { amounts: { servicePrice: jod(1n), tax: jod(1n), platformFee: jod(1n), total: jod(4n) } },
      "AMOUNTS_INCONSISTENT",
    ],
    [
      "two currencies",
      {
        amounts: {
          servicePrice: jod(1n),
          tax: { currencyCode: "AED", amountMinor: 1n },
          platformFee: jod(0n),
          total: jod(2n),
        },
      },
      "AMOUNTS_INCONSISTENT",
    ],
    [
      "nothing to pay",
      { amounts: { servicePrice: jod(0n), tax: jod(0n), platformFee: jod(0n), total: jod(0n) } },
      "AMOUNTS_INCONSISTENT",
    ],
    ["a return address elsewhere", { returnUrl: "https://evil.example/" }, "RETURN_URL_NOT_ALLOWED"],
    [
      "a return address that looks alike",
      { returnUrl: "http://localhost:8080@evil.example/" },
      "RETURN_URL_NOT_ALLOWED",
    ],
  ];
  test.each(wrongs)("given %s, when created, then it is refused and nothing is stored", async (_name, more, reason) => {
    const request = wish(more);
    expect(await refusal(service.payments.createPayment(request))).toBe(reason);
    expect(await service.query("select id from payment where subject = $1", [request.booking])).toEqual([]);
    expect(service.gateway.calls.create).toBeUndefined();
  });

  test("given a gateway that refuses, when created, then it has failed, and again gives the same refusal", async () => {
    service.gateway.faults.create = ["refuse"];
    const request = wish();
    expect(await refusal(service.payments.createPayment(request))).toBe("GATEWAY_REFUSED");
    expect(await refusal(service.payments.createPayment(request))).toBe("GATEWAY_REFUSED");
    expect(service.gateway.calls.create).toBe(1);
  });
});

describe("answers that were lost (PY-11)", () => {
  test.each(["lose-answer", "fail", "hang", "garbage"] as const)(
    "given a gateway that does %s, when a payment is created, then it is unknown, asked for, and found",
    async (fault) => {
      service.gateway.faults.create = [fault];
      const request = wish();
      expect(await refusal(service.payments.createPayment(request))).toBe("GATEWAY_UNAVAILABLE");
      const [row] = await service.query<{ id: string; operation_id: string }>(
        "select id, operation_id from payment where subject = $1",
        [request.booking],
      );
      await eventually(async () => expect(await stateOf(service, `payments/${row?.id}`)).toBe(Payment_State.PENDING));
      const charges = service.gateway.charges.filter((charge) => charge.key === row?.operation_id);
      expect(charges).toHaveLength(1);
      const again = await service.payments.createPayment(request);
      expect([again.name, again.payUrl]).toEqual([
        `payments/${row?.id}`,
        `http://gateway.example/pay/${charges[0]?.id}`,
      ]);
      expect(await service.events(again.name)).toEqual(["PaymentUnknown"]);
    },
  );

  test("given a lost answer whose charge is paid, when the gateway is asked, then it has succeeded", async () => {
    service.gateway.faults.create = ["lose-answer"];
    service.gateway.faults.find = ["fail", "hang"];
    const request = wish();
    await refusal(service.payments.createPayment(request));
    const [row] = await service.query<{ id: string; operation_id: string }>(
      "select id, operation_id from payment where subject = $1",
      [request.booking],
    );
    service.gateway.pay(service.gateway.chargeOf(row?.operation_id ?? ""));
    await eventually(async () => expect(await stateOf(service, `payments/${row?.id}`)).toBe(Payment_State.SUCCEEDED));
    expect(await service.events(`payments/${row?.id}`)).toEqual(["PaymentUnknown", "PaymentSucceeded"]);
    await expectBalanced(service);
  });
});

describe("CancelPayment", () => {
  test("given an unpaid payment, when cancelled, then the gateway cannot take it any more, and again is the same", async () => {
    const { name, charge } = await started(service);
    const request = { name, requestId: crypto.randomUUID() };
    expect((await service.payments.cancelPayment(request)).state).toBe(Payment_State.CANCELLED);
    expect((await service.payments.cancelPayment(request)).state).toBe(Payment_State.CANCELLED);
    expect(charge.status).toBe("canceled");
    expect(await service.events(name)).toEqual(["PaymentFailed"]);
  });

  test("given a payment that was made meanwhile, when cancelled, then it is settled and not cancelled", async () => {
    const { name, charge } = await started(service);
    service.gateway.pay(charge);
    const act = service.payments.cancelPayment({ name, requestId: crypto.randomUUID() });
    expect(await refusal(act)).toBe("PAYMENT_STATE_WRONG");
    expect(await service.events(name)).toEqual(["PaymentSucceeded"]);
    await expectBalanced(service);
  });

  test("given a gateway that is silent, when cancelled, then nothing is guessed", async () => {
    const { name } = await started(service);
    service.gateway.faults.find = ["fail"];
    const request = { name, requestId: crypto.randomUUID() };
    expect(await refusal(service.payments.cancelPayment(request))).toBe("GATEWAY_UNAVAILABLE");
    expect(await stateOf(service, name)).toBe(Payment_State.PENDING);
    expect((await service.payments.cancelPayment(request)).state).toBe(Payment_State.CANCELLED);
  });
});

describe("ResolvePayment", () => {
  test("given a contradiction, when an operator settles it, then it is on record and in the ledger", async () => {
    const { name, charge } = await started(service);
    service.gateway.pay(charge, 1);
    await service.ingest(service.gateway.webhook("charge.succeeded", service.gateway.chargeJson(charge)));
    expect(await stateOf(service, name)).toBe(Payment_State.UNKNOWN);
    const request = {
      name,
      state: Payment_State.SUCCEEDED,
      note: "seen on the statement",
      requestId: crypto.randomUUID(),
    };
    expect(await refusal(service.as({ account: customer }).payments.resolvePayment(request))).toBe("NOT_FOUND");
    expect((await service.as(operator).payments.resolvePayment(request)).state).toBe(Payment_State.SUCCEEDED);
    expect(
      await service.query("select resolved_by, note from payment_resolution where payment_id = $1", [name.slice(9)]),
    ).toEqual([{ resolved_by: operator.account, note: "seen on the statement" }]);
    expect(
      await refusal(service.as(operator).payments.resolvePayment({ ...request, requestId: crypto.randomUUID() })),
    ).toBe("PAYMENT_STATE_WRONG");
    await expectBalanced(service);
  });
});

describe("QuoteFees (PY-03)", () => {
  test("given prices on both sides of the threshold, when quoted, then each has its fee", async () => {
    const servicePrices = [24_999n, 25_000n].map((amountMinor) => ({ currencyCode: "JOD", amountMinor }));
    const { fees, totalFee } = await service.payments.quoteFees({ provider: `providers/${providerId}`, servicePrices });
    expect(fees.map(({ amountMinor }) => amountMinor)).toEqual([2_000n, 5_000n]);
    expect(totalFee).toMatchObject({ currencyCode: "JOD", amountMinor: 7_000n });
  });

  test("given two currencies or one without fees, when quoted, then it is refused", async () => {
    const provider = `providers/${providerId}`;
    const quote = (...codes: string[]) =>
      refusal(
        service.payments.quoteFees({
          provider,
          servicePrices: codes.map((currencyCode) => ({ currencyCode, amountMinor: 1n })),
        }),
      );
    expect(await quote("JOD", "AED")).toBe("AMOUNTS_INCONSISTENT");
    expect(await quote("EUR")).toBe("CURRENCY_NOT_SUPPORTED");
  });
});

test("given a payment whose page has ended, when the gateway is asked, then it is cancelled there", async () => {
  const { name } = await service.payments.createPayment(
    wish({ payExpireTime: timestampFromMs(Temporal.Now.instant().epochMilliseconds - 1_000) }),
  );
  await service.query("update payment set ask_time = clock_now() where id = $1", [name.slice(9)]);
  await service.transaction(async (tx) => tx.notify("payment_ask"));
  await eventually(async () => expect(await stateOf(service, name)).toBe(Payment_State.CANCELLED));
  expect((await chargeOf(service, name)).status).toBe("canceled");
});
