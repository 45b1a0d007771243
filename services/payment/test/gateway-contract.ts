import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PaymentError } from "../src/domain/errors.ts";
import type { Payment } from "../src/domain/payment.ts";
import type { Refund } from "../src/domain/refund.ts";
import { type Gateway, type GatewayEvent, GatewayRefusal, type Webhook } from "../src/gateways/gateway.ts";

/** A gateway to be tried, and the hands of its customer. */
export type GatewayUnderTest = {
  readonly gateway: Gateway;
  /** Pays a charge as its customer does. */
  pay(payment: Payment, payUrl: string): Promise<void>;
  /** The next webhook of this kind about a charge or refund, as it arrived. */
  webhookAbout(gatewayId: string): Promise<Webhook>;
  stop(): Promise<void>;
};

/** What every gateway's adapter does, whatever the dialect. */
export function describeGateway(name: string, start: () => Promise<GatewayUnderTest>): void {
  describe(`the gateway ${name}`, () => {
    let under: GatewayUnderTest;

    beforeAll(async () => {
      under = await start();
    }, 60_000);

    afterAll(async () => {
      await under?.stop();
    });

    async function started(): Promise<Payment & { payUrl: string }> {
      const intent = intentOf();
      const charge = await under.gateway.createCharge(intent);
      return { ...intent, gatewayId: charge.gatewayId, payUrl: charge.payUrl ?? "" };
    }

    async function paid(): Promise<Payment> {
      const payment = await started();
      await under.pay(payment, payment.payUrl);
      return payment;
    }

    test("given an intent, when it is sent several times at once, then there is one charge with a page to pay on", async () => {
      const intent = intentOf();
      const charges = await Promise.all(Array.from({ length: 5 }, () => under.gateway.createCharge(intent)));
      expect(new Set(charges.map(({ gatewayId }) => gatewayId)).size).toBe(1);
      expect(charges[0]).toMatchObject({
        operationId: intent.operationId,
        status: "pending",
        amount: intent.amount,
        refundedMinor: 0n,
        payUrl: expect.stringMatching(/^https?:/),
        failure: undefined,
      });
    });

    test("given a charge, when it is asked for, then it is found by either id; what was never made is not", async () => {
      const payment = await started();
      const byOperation = await under.gateway.findCharge({ ...payment, gatewayId: undefined });
      expect(byOperation?.gatewayId).toBe(payment.gatewayId);
      expect((await under.gateway.findCharge(payment))?.operationId).toBe(payment.operationId);
      expect(await under.gateway.findCharge(intentOf())).toBeUndefined();
    });

    test("given a charge, when it is paid, then that is found, told with a valid signature, and cannot be cancelled", async () => {
      const payment = await paid();
      expect(await under.gateway.findCharge(payment)).toMatchObject({ status: "succeeded", amount: payment.amount });
      expect((await under.gateway.cancelCharge(payment))?.status).toBe("succeeded");
      const webhook = await under.webhookAbout(payment.gatewayId ?? "");
      const event = under.gateway.readWebhook(webhook, Temporal.Now.instant());
      expect(event).toMatchObject({
        kind: "charge",
        charge: { status: "succeeded", operationId: payment.operationId },
      });
      expect(reasonOf(() => under.gateway.readWebhook(webhook, Temporal.Now.instant().add({ minutes: 6 })))).toBe(
        "WEBHOOK_TOO_OLD",
      );
      const altered = Buffer.concat([webhook.body, Buffer.from(" ")]);
      const forged = { ...webhook, body: altered };
      expect(reasonOf(() => under.gateway.readWebhook(forged, Temporal.Now.instant()))).toBe(
        "WEBHOOK_SIGNATURE_INVALID",
      );
    });

    test("given an unpaid charge, when it is cancelled, then it is, and again is the same; one never made is nothing", async () => {
      const payment = await started();
      expect((await under.gateway.cancelCharge(payment))?.status).toBe("cancelled");
      expect((await under.gateway.cancelCharge(payment))?.status).toBe("cancelled");
      expect(await under.gateway.cancelCharge(intentOf())).toBeUndefined();
    });

    test("given a paid charge, when it is refunded in parts, then each operation counts once and never too much", async () => {
      const payment = await paid();
      const first = refundOf(payment, 30_000n);
      expect(await under.gateway.findRefund(payment, first)).toBeUndefined();
      const made = await Promise.all([1, 2, 3].map(() => under.gateway.createRefund(payment, first)));
      expect(new Set(made.map(({ gatewayId }) => gatewayId)).size).toBe(1);
      expect(await under.gateway.findRefund(payment, first)).toMatchObject({
        operationId: first.operationId,
        status: "succeeded",
        amount: first.amount,
      });
      await expect(under.gateway.createRefund(payment, refundOf(payment, 6_801n))).rejects.toThrow(GatewayRefusal);
      await under.gateway.createRefund(payment, refundOf(payment, 6_800n));
      expect((await under.gateway.findCharge(payment))?.refundedMinor).toBe(36_800n);
    });

    test("given charges, when the gateway's own list is read, then it has them", async () => {
      const payments = [await started(), await paid()];
      const now = Temporal.Now.instant();
      const listed: string[] = [];
      const window = { from: now.subtract({ hours: 1 }), before: now.add({ hours: 1 }) };
      for await (const charge of under.gateway.listCharges(window)) listed.push(charge.gatewayId);
      for (const { gatewayId } of payments) expect(listed).toContain(gatewayId);
      expect(new Set(listed).size).toBe(listed.length);
    });
  });
}

function intentOf(): Payment {
  const now = Temporal.Now.instant().round("millisecond");
  const providerId = crypto.randomUUID();
  return {
    id: crypto.randomUUID(),
    providerId,
    subject: `providers/${providerId}/bookings/${crypto.randomUUID()}`,
    customerId: crypto.randomUUID(),
    amount: { currencyCode: "JOD", amountMinor: 36_800n },
    parts: { serviceMinor: 30_000n, taxMinor: 4_800n, feeMinor: 2_000n },
    gateway: "sandbox",
    operationId: crypto.randomUUID(),
    gatewayId: undefined,
    payUrl: undefined,
    returnUrl: "http://localhost:8080/paid",
    locale: "ar",
    description: "قصّ شعر",
    payExpireTime: now.add({ minutes: 15 }),
    state: "CREATED",
    failure: undefined,
    refundReservedMinor: 0n,
    refundedMinor: 0n,
    version: 1n,
    asked: 0,
    askTime: undefined,
    createTime: now,
    updateTime: now,
    succeedTime: undefined,
  };
}

function refundOf(payment: Payment, amountMinor: bigint): Refund {
  return {
    id: crypto.randomUUID(),
    paymentId: payment.id,
    providerId: payment.providerId,
    amount: { currencyCode: "JOD", amountMinor },
    parts: { serviceMinor: amountMinor, taxMinor: 0n, feeMinor: 0n },
    operationId: crypto.randomUUID(),
    gatewayId: undefined,
    state: "REQUESTED",
    cause: "test",
    requestedBy: "services/booking",
    failure: undefined,
    version: 1n,
    createTime: payment.createTime,
    updateTime: payment.createTime,
  };
}

function reasonOf(act: () => GatewayEvent): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof PaymentError ? error.reason : String(error);
  }
}
