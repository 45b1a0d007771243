import { LedgerService } from "@dawr/gen/dawr/payment/v1/ledger_pb.js";
import { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { implement } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { config } from "./config.ts";
import { sandboxGateway } from "./gateways/sandbox/sandbox-gateway.ts";
import { cancelPaymentRpc } from "./rpc/cancel-payment.ts";
import { type CreateDeps, createPaymentRpc } from "./rpc/create-payment.ts";
import { errors } from "./rpc/errors.ts";
import { ingestWebhookRpc } from "./rpc/ingest-webhook.ts";
import { getBalanceRpc, listTransfersRpc, verifyLedgerRpc } from "./rpc/ledger.ts";
import { quoteFeesRpc } from "./rpc/quote-fees.ts";
import { getPaymentRpc, listPaymentsRpc, ownerOfPayment } from "./rpc/read-payments.ts";
import { refundPaymentRpc } from "./rpc/refund-payment.ts";
import { resolvePaymentRpc } from "./rpc/resolve-payment.ts";
import { askTimer } from "./settling/ask-gateway.ts";
import { compareJob } from "./settling/compare-books.ts";
import { refundSteps } from "./settling/refund-steps.ts";

/** Money: payments and refunds through gateways, and the ledger of both. */
export const payment = defineService({
  name: "payment",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  errors,
  start(host) {
    const { store, now, newId, log, keys, config: settings } = host;
    const sandbox = sandboxGateway({
      url: settings.PAYMENT_SANDBOX_URL.replace(/\/$/, ""),
      apiKey: settings.PAYMENT_SANDBOX_API_KEY,
      webhookSecret: settings.PAYMENT_SANDBOX_WEBHOOK_SECRET,
      webhookUrl: `${settings.PAYMENT_WEBHOOK_URL.replace(/\/$/, "")}/sandbox`,
      timeoutMs: settings.PAYMENT_GATEWAY_TIMEOUT.total("milliseconds"),
    });
    const deps: CreateDeps = {
      store,
      now,
      newId,
      log,
      gateways: new Map([[sandbox.name, sandbox]]),
      gateway: settings.PAYMENT_GATEWAY,
      gatewayTimeout: settings.PAYMENT_GATEWAY_TIMEOUT,
      returnUrls: settings.PAYMENT_RETURN_URLS,
      rules: {
        pendingAfter: settings.PAYMENT_ASK_PENDING,
        unknownAfter: settings.PAYMENT_ASK_UNKNOWN,
        atMost: settings.PAYMENT_ASK_MAX,
        overdueAfter: settings.PAYMENT_OVERDUE,
        resendFor: settings.PAYMENT_RESEND,
      },
    };
    if (!deps.gateways.has(deps.gateway)) throw new Error(`PAYMENT_GATEWAY: there is no gateway ${deps.gateway}`);
    const reading = { store, keys, now };
    return {
      ownerOf: ownerOfPayment(store),
      implementations: [
        implement(PaymentService, {
          getPayment: getPaymentRpc(reading),
          listPayments: listPaymentsRpc(reading),
          createPayment: createPaymentRpc(deps),
          quoteFees: quoteFeesRpc(settings.PAYMENT_FEES),
          ingestWebhook: ingestWebhookRpc(deps),
          cancelPayment: cancelPaymentRpc(deps),
          refundPayment: refundPaymentRpc(deps),
          resolvePayment: resolvePaymentRpc(deps),
        }),
        implement(LedgerService, {
          getBalance: getBalanceRpc(reading),
          listTransfers: listTransfersRpc(reading),
          verifyLedger: verifyLedgerRpc(reading),
        }),
      ],
      timers: [askTimer(deps)],
      steps: [refundSteps(deps)],
      jobs: [compareJob(deps)],
      checks: [
        {
          name: "gateway",
          // Payments that wait are settled later; the service itself works. (OP-03)
          required: false,
          check: () => reachable(settings.PAYMENT_SANDBOX_URL),
        },
      ],
    };
  },
});

/** Throws when nobody answers there; what is answered does not matter. */
async function reachable(url: string): Promise<void> {
  const response = await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
}
