import type { Client } from "@connectrpc/connect";
import type { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { type HttpRoute, reasonOf } from "@dawr/rpc";

const largestBody = 1_048_576;

/** What a gateway is told when its webhook is refused; anything not named here is our failure, and it shall try again. */
const refusals: ReadonlyMap<string, number> = new Map([
  ["WEBHOOK_SIGNATURE_INVALID", 401],
  ["WEBHOOK_TOO_OLD", 401],
  ["WEBHOOK_MALFORMED", 400],
  ["VALIDATION_FAILED", 400],
  ["GATEWAY_UNKNOWN", 404],
]);

/** Takes webhooks of payment gateways: size and route are looked at here, the signature, before all else, by payment. (GW-02) */
export function webhookRoute(payments: Client<typeof PaymentService>): HttpRoute {
  return {
    method: "POST",
    path: "/webhooks/{gateway}",
    handle: async ({ params, body, headers, signal }) => {
      if (body.byteLength === 0) return { status: 400 };
      if (body.byteLength > largestBody) return { status: 413 };
      try {
        await payments.ingestWebhook(
          { gateway: params.gateway ?? "", body, headers: Object.fromEntries(headers) },
          { signal },
        );
        return { status: 204 };
      } catch (error) {
        const reason = reasonOf(error)?.reason ?? "";
        return {
          status: refusals.get(reason) ?? 503,
          body: `${reason}\n`,
          headers: { "content-type": "text/plain; charset=utf-8" },
        };
      }
    },
  };
}
