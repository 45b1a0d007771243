import { PaymentError } from "../../domain/errors.ts";
import type { Payment } from "../../domain/payment.ts";
import { type Gateway, type GatewayEvent, GatewayRefusal, GatewaySilence, type Webhook } from "../gateway.ts";
import { requireSignature } from "../webhook-signature.ts";
import { chargeShape, eventShape, pageShape, refundShape, toCharge, toRefund } from "./sandbox-dialect.ts";
import { callSandbox, type SandboxHttpOptions } from "./sandbox-http.ts";

/** How the sandbox gateway is reached, and where it reaches us. */
export type SandboxGatewayOptions = SandboxHttpOptions & {
  readonly webhookSecret: string;
  /** Where it sends webhooks to. */
  readonly webhookUrl: string;
};

/** The built-in gateway for one machine and for tests, over real HTTP (services/sandbox/README.md). */
export function sandboxGateway(options: SandboxGatewayOptions): Gateway {
  const findCharge: Gateway["findCharge"] = async (payment) => {
    if (payment.gatewayId !== undefined) {
      const charge = await callSandbox(options, chargeShape, {
        method: "GET",
        path: `/v1/charges/${encodeURIComponent(payment.gatewayId)}`,
      });
      return charge === undefined ? undefined : toCharge(charge);
    }
    const query = new URLSearchParams({ "metadata[operation_id]": payment.operationId, limit: "1" });
    const found = await callSandbox(options, pageShape(chargeShape), { method: "GET", path: `/v1/charges?${query}` });
    const [charge] = found?.data ?? [];
    return charge === undefined ? undefined : toCharge(charge);
  };

  return {
    name: "sandbox",
    findCharge,

    async createCharge(payment) {
      const charge = await callSandbox(options, chargeShape, {
        method: "POST",
        path: "/v1/charges",
        idempotencyKey: payment.operationId,
        body: chargeBody(payment, options.webhookUrl),
      });
      return toCharge(known(charge));
    },

    async cancelCharge(payment) {
      const charge = await findCharge(payment);
      if (charge?.status !== "pending" && charge?.status !== "failed") return charge;
      try {
        const cancelled = await callSandbox(options, chargeShape, {
          method: "POST",
          path: `/v1/charges/${encodeURIComponent(charge.gatewayId)}/cancel`,
          idempotencyKey: `cancel-${payment.operationId}`,
        });
        return cancelled === undefined ? undefined : toCharge(cancelled);
      } catch (error) {
        // Paid in this very moment, or being paid: how it stands is what counts.
        if (error instanceof GatewayRefusal) return findCharge(payment);
        throw error;
      }
    },

    async createRefund(payment, refund) {
      const made = await callSandbox(options, refundShape, {
        method: "POST",
        path: `/v1/charges/${encodeURIComponent(payment.gatewayId ?? "")}/refunds`,
        idempotencyKey: refund.operationId,
        body: { amount: Number(refund.amount.amountMinor), metadata: { operation_id: refund.operationId } },
      });
      return toRefund(known(made));
    },

    async findRefund(_payment, refund) {
      const query = new URLSearchParams({ "metadata[operation_id]": refund.operationId, limit: "1" });
      const found = await callSandbox(options, pageShape(refundShape), { method: "GET", path: `/v1/refunds?${query}` });
      const [made] = found?.data ?? [];
      return made === undefined ? undefined : toRefund(made);
    },

    async *listCharges({ from, before }) {
      let last: string | undefined;
      for (;;) {
        const query = new URLSearchParams({
          created_from: from.toString(),
          created_before: before.toString(),
          limit: "100",
          ...(last === undefined ? {} : { starting_after: last }),
        });
        const page = known(
          await callSandbox(options, pageShape(chargeShape), { method: "GET", path: `/v1/charges?${query}` }),
        );
        yield* page.data.map(toCharge);
        last = page.data.at(-1)?.id;
        if (!page.has_more || last === undefined) return;
      }
    },

    readWebhook(webhook, at) {
      requireSignature(webhook.headers["dawr-signature"], webhook.body, options.webhookSecret, at);
      return readEvent(webhook);
    },
  };
}

function chargeBody(payment: Payment, webhookUrl: string): Record<string, unknown> {
  return {
    // Below a billion by contract, which JSON holds exactly.
    amount: Number(payment.amount.amountMinor),
    currency: payment.amount.currencyCode,
    description: payment.description,
    locale: payment.locale,
    ...(payment.returnUrl === "" ? {} : { return_url: payment.returnUrl }),
    webhook_url: webhookUrl,
    expire_time: payment.payExpireTime.toString(),
    metadata: { operation_id: payment.operationId },
  };
}

function readEvent({ body }: Webhook): GatewayEvent {
  let text: unknown;
  try {
    text = JSON.parse(utf8.decode(body));
  } catch (cause) {
    throw new PaymentError("WEBHOOK_MALFORMED", {}, { cause });
  }
  const parsed = eventShape.safeParse(text);
  if (!parsed.success) throw new PaymentError("WEBHOOK_MALFORMED", {}, { cause: parsed.error });
  const { id, type, data } = parsed.data;
  const charge = chargeShape.safeParse(data.object);
  if (charge.success) return { id, type, kind: "charge", charge: toCharge(charge.data) };
  const refund = refundShape.safeParse(data.object);
  if (refund.success) return { id, type, kind: "refund", refund: toRefund(refund.data) };
  return { id, type, kind: "other" };
}

function known<T>(answer: T | undefined): T {
  if (answer === undefined) throw new GatewaySilence("the gateway does not know its own path");
  return answer;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
