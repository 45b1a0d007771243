import type { Tx } from "@dawr/store";
import type { Charge, ChargeRefund } from "../domain/charge.ts";
import { sameMoney } from "../domain/money.ts";
import { settleCharge } from "../domain/settle-charge.ts";
import { settleRefund } from "../domain/settle-refund.ts";
import type { Webhook } from "../gateways/gateway.ts";
import { type GatewayEventOutcome, recordGatewayEvent } from "../store/gateway-events.ts";
import { lockPayment, lockPaymentOfCharge } from "../store/payments.ts";
import { findRefundOfOperation } from "../store/refunds.ts";
import { type Deps, gatewayOf } from "./deps.ts";
import { storeChange, storeSettlement } from "./store-change.ts";

/** What became of a webhook. */
export type Ingested = GatewayEventOutcome | "DUPLICATE";

/**
 * Takes in what a gateway sent: signature first, then the record that makes a replay harmless, effect, ledger and event in
 * one transaction. Throws GATEWAY_UNKNOWN and what readWebhook throws. (PY-06, GW-02)
 */
export async function ingestWebhook(deps: Deps, gatewayName: string, webhook: Webhook): Promise<Ingested> {
  const event = gatewayOf(deps, gatewayName).readWebhook(webhook, deps.now());
  if (event.kind === "other") return "NOT_OURS";
  const about = { gateway: gatewayName, eventId: event.id, type: event.type };
  const outcome = await deps.store.transaction((tx) =>
    event.kind === "charge" ? takeCharge(tx, deps, about, event.charge) : takeRefund(tx, deps, about, event.refund),
  );
  if (outcome === "MISMATCH" || outcome === "NOT_OURS")
    deps.log.error({ ...about, outcome }, "a webhook does not fit what we know");
  return outcome;
}

type About = { readonly gateway: string; readonly eventId: string; readonly type: string };

async function takeCharge(tx: Tx, deps: Deps, about: About, charge: Charge): Promise<Ingested> {
  // Locked before anything is decided: duplicates that come at once wait here for the first.
  const payment = await lockPaymentOfCharge(tx, about.gateway, charge);
  const at = deps.now();
  const isOther = payment?.gatewayId !== undefined && payment.gatewayId !== charge.gatewayId;
  const change = payment === undefined || isOther ? undefined : settleCharge(payment, charge, deps.rules, at);
  const outcome = ((): GatewayEventOutcome => {
    if (payment === undefined) return "NOT_OURS";
    if (isOther || !sameMoney(payment.amount, charge.amount)) return "MISMATCH";
    return change === undefined ? "NOTHING_NEW" : "APPLIED";
  })();
  const record = {
    ...about,
    gatewayId: charge.gatewayId,
    paymentId: payment?.id,
    status: charge.status,
    amount: charge.amount,
    outcome,
  };
  if (!(await recordGatewayEvent(tx, record, at))) return "DUPLICATE";
  if (change !== undefined) await storeChange(tx, deps, change);
  return outcome;
}

async function takeRefund(tx: Tx, deps: Deps, about: About, heard: ChargeRefund): Promise<Ingested> {
  const named = await findRefundOfOperation(tx, heard.operationId ?? "");
  const payment = named === undefined ? undefined : await lockPayment(tx, named.paymentId);
  // Read again under the lock of its payment.
  const refund = await findRefundOfOperation(tx, heard.operationId ?? "");
  const at = deps.now();
  const settlement =
    payment === undefined || refund === undefined ? undefined : settleRefund(payment, refund, heard, at);
  const outcome = ((): GatewayEventOutcome => {
    if (refund === undefined) return "NOT_OURS";
    if (!sameMoney(refund.amount, heard.amount)) return "MISMATCH";
    return settlement === undefined ? "NOTHING_NEW" : "APPLIED";
  })();
  const record = {
    ...about,
    gatewayId: heard.gatewayId,
    paymentId: payment?.id,
    status: heard.status,
    amount: heard.amount,
    outcome,
  };
  if (!(await recordGatewayEvent(tx, record, at))) return "DUPLICATE";
  if (settlement !== undefined) await storeSettlement(tx, deps, settlement);
  return outcome;
}
