import type { Payment } from "../domain/payment.ts";
import { type Change, loseAnswer, refuseIntent, settleCharge } from "../domain/settle-charge.ts";
import { GatewayRefusal, GatewaySilence } from "../gateways/gateway.ts";
import { type Deps, gatewayOf } from "./deps.ts";

/** What came of a call to the gateway: the decision that follows, to be taken on the payment as it is by then. */
export type Outcome = (current: Payment, at: Temporal.Instant) => Change | undefined;

/**
 * Sends a stored intent to its gateway, again under the same operation id if it was sent before; never throws for what the
 * gateway does, because an answer that did not come is an outcome too. (PY-11)
 */
export async function sendIntent(deps: Deps, payment: Payment): Promise<Outcome> {
  try {
    const charge = await gatewayOf(deps, payment.gateway).createCharge(payment);
    return (current, at) => settleCharge(current, charge, deps.rules, at);
  } catch (error) {
    if (error instanceof GatewayRefusal) return (current, at) => refuseIntent(current, error.failure, deps.rules, at);
    if (!(error instanceof GatewaySilence)) throw error;
    deps.log.warn({ err: error, payment: payment.id, gateway: payment.gateway }, "a gateway did not answer");
    return (current, at) => loseAnswer(current, deps.rules, at);
  }
}
