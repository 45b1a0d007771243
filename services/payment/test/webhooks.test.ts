import { IngestWebhookResponse_Outcome as Outcome, Payment_State } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { expectBalanced, paid, refusal, started, stateOf } from "./doings.ts";
import { operator, providerId, startPayment, type TestPayment, wish } from "./start-payment.ts";

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

describe("webhooks (PY-06)", () => {
  test("given a payment, when its success is told, then state, ledger and event are there together", async () => {
    const { name } = await paid(service);
    const payment = await service.payments.getPayment({ name });
    expect([payment.state, payment.payUrl, payment.payTime === undefined]).toEqual([
      Payment_State.SUCCEEDED,
      "",
      false,
    ]);
    const { transfers } = await service.as(operator).ledger.listTransfers({ payment: name });
    expect(transfers.map(({ entries }) => entries.map((e) => [e.ledgerAccount, e.amount?.amountMinor]))).toEqual([
      [
        ["ledgerAccounts/gateway-sandbox", 36_800n],
        [`ledgerAccounts/provider-${providerId}`, -30_000n],
        ["ledgerAccounts/tax", -4_800n],
        ["ledgerAccounts/platform-revenue", -2_000n],
      ],
    ]);
    expect(await service.events(name)).toEqual(["PaymentSucceeded"]);
  });

  test("given a success, when it is told 64 times at once, then it has one effect", async () => {
    const { name, charge } = await started(service);
    service.gateway.pay(charge);
    const webhook = service.gateway.webhook("charge.succeeded", service.gateway.chargeJson(charge));
    const answers = await Promise.all(Array.from({ length: 64 }, () => service.ingest(webhook)));
    const count = (outcome: Outcome) => answers.filter((answer) => answer.outcome === outcome).length;
    expect([count(Outcome.APPLIED), count(Outcome.DUPLICATE)]).toEqual([1, 63]);
    expect(await service.events(name)).toEqual(["PaymentSucceeded"]);
    await expectBalanced(service);
  });

  test("given a success, when 'pending' and 'failed' come late, then nothing changes", async () => {
    const { name, charge } = await paid(service);
    for (const status of ["pending", "failed", "canceled"]) {
      const late = { ...service.gateway.chargeJson(charge), status };
      const { outcome } = await service.ingest(service.gateway.webhook(`charge.${status}`, late));
      expect(outcome).toBe(Outcome.IGNORED);
    }
    expect(await stateOf(service, name)).toBe(Payment_State.SUCCEEDED);
    expect(await service.events(name)).toEqual(["PaymentSucceeded"]);
  });

  test("given a decline, when another card succeeds, then it has succeeded in the end", async () => {
    const { name, charge } = await started(service);
    const declined = { ...service.gateway.chargeJson(charge), status: "failed", failure_code: "insufficient_funds" };
    await service.ingest(service.gateway.webhook("charge.failed", declined));
    const failed = await service.payments.getPayment({ name });
    expect([failed.state, failed.failureCode]).toEqual([Payment_State.FAILED, "insufficient_funds"]);
    service.gateway.pay(charge);
    await service.ingest(service.gateway.webhook("charge.succeeded", service.gateway.chargeJson(charge)));
    expect(await service.events(name)).toEqual(["PaymentFailed", "PaymentSucceeded"]);
  });

  test("given a webhook before the answer to the intent, when both have come, then there is one success", async () => {
    service.gateway.faults.create = ["lose-answer"];
    service.gateway.faults.find = ["hang"];
    const request = wish();
    const creating = refusal(service.payments.createPayment(request));
    const charge = await eventually(async () => {
      const [row] = await service.query<{ operation_id: string }>(
        "select operation_id from payment where subject = $1",
        [request.booking],
      );
      return service.gateway.chargeOf(row?.operation_id ?? "");
    });
    service.gateway.pay(charge);
    await service.ingest(service.gateway.webhook("charge.succeeded", service.gateway.chargeJson(charge)));
    await creating;
    const payment = await service.payments.createPayment(request);
    expect(payment.state).toBe(Payment_State.SUCCEEDED);
    expect((await service.events(payment.name)).filter((type) => type === "PaymentSucceeded")).toHaveLength(1);
  });

  test("given webhooks that are forged, altered, unsigned, too old or from the future, when sent, then none has an effect", async () => {
    const { name, charge } = await started(service);
    const object = { ...service.gateway.chargeJson(charge), status: "succeeded", amount_captured: charge.amount };
    const { gateway } = service;
    const good = gateway.webhook("charge.succeeded", object);
    const altered = Buffer.from(good.body);
    altered.set([32], altered.length - 1);
    const now = Temporal.Now.instant();
    const forgeries = [
      [gateway.webhook("charge.succeeded", object, { secret: "another-secret-here" }), "WEBHOOK_SIGNATURE_INVALID"],
      [{ ...good, body: altered }, "WEBHOOK_SIGNATURE_INVALID"],
      [{ ...good, headers: {} }, "WEBHOOK_SIGNATURE_INVALID"],
      [{ ...good, headers: { "dawr-signature": "t=1,v1=00" } }, "WEBHOOK_SIGNATURE_INVALID"],
      [
        { ...good, headers: { "dawr-signature": `${good.headers["dawr-signature"]}`.replace("t=", "t=9") } },
        "WEBHOOK_SIGNATURE_INVALID",
      ],
      [gateway.webhook("charge.succeeded", object, { at: now.subtract({ seconds: 302 }) }), "WEBHOOK_TOO_OLD"],
      [gateway.webhook("charge.succeeded", object, { at: now.add({ seconds: 302 }) }), "WEBHOOK_TOO_OLD"],
      [gateway.webhook("charge.succeeded", { object: 5 }), "WEBHOOK_MALFORMED"],
    ] as const;
    for (const [webhook, reason] of forgeries) expect(await refusal(service.ingest(webhook))).toBe(reason);
    expect(await refusal(service.payments.ingestWebhook({ gateway: "other", body: good.body, headers: {} }))).toBe(
      "GATEWAY_UNKNOWN",
    );
    expect(await stateOf(service, name)).toBe(Payment_State.PENDING);
    expect(await service.query("select * from gateway_event where gateway_id = $1", [charge.id])).toEqual([]);
    const old = gateway.webhook("charge.succeeded", object, { at: now.subtract({ seconds: 298 }) });
    expect((await service.ingest(old)).outcome).toBe(Outcome.APPLIED);
  });

  test.each([
    ["a fils less", { amount_captured: 36_799 }],
    ["a fils more", { amount_captured: 36_801 }],
    ["another currency", { currency: "AED", amount_captured: 36_800 }],
  ])(
    "given %s than the intent, when success is told, then it is no success, is kept, and the gateway is asked",
    async (_name, wrong) => {
      const { name, charge } = await started(service);
      const told = { ...service.gateway.chargeJson(charge), status: "succeeded", ...wrong };
      await service.ingest(service.gateway.webhook("charge.succeeded", told));
      const unknown = await service.payments.getPayment({ name });
      expect([unknown.state, unknown.failureCode]).toEqual([Payment_State.UNKNOWN, "amount_mismatch"]);
      expect(await service.query("select outcome from gateway_event where gateway_id = $1", [charge.id])).toEqual([
        { outcome: "MISMATCH" },
      ]);
      expect((await service.as(operator).ledger.listTransfers({ payment: name })).transfers).toEqual([]);
      service.gateway.pay(charge);
      await eventually(async () => expect(await stateOf(service, name)).toBe(Payment_State.SUCCEEDED));
    },
  );

  test("given a charge that is not ours, when told, then it is kept and ignored", async () => {
    const stranger = {
      ...service.gateway.chargeJson((await started(service)).charge),
      id: "ch_stranger",
      metadata: {},
    };
    const { outcome } = await service.ingest(service.gateway.webhook("charge.succeeded", stranger));
    expect(outcome).toBe(Outcome.IGNORED);
    expect(await service.query("select outcome from gateway_event where gateway_id = 'ch_stranger'")).toEqual([
      { outcome: "NOT_OURS" },
    ]);
  });
});
