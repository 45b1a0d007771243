import type { Tx } from "@dawr/store";
import type { Charge } from "../domain/charge.ts";
import type { Payment } from "../domain/payment.ts";
import { type Change, settleCharge } from "../domain/settle-charge.ts";
import type { RefundSettlement } from "../domain/settle-refund.ts";
import { publishPayment, publishRefund } from "../events/payment-events.ts";
import { writeTransfers } from "../store/ledger.ts";
import { savePayment } from "../store/payments.ts";
import { saveRefund } from "../store/refunds.ts";
import type { Deps } from "./deps.ts";

/** The channel that wakes who asks gateways. */
export const askChannel = "payment_ask";

type ChangeDeps = Pick<Deps, "now" | "newId" | "rules">;

/** Stores a decision about a locked payment: row, ledger and event together, or nothing. */
export async function storeChange(tx: Tx, deps: ChangeDeps, change: Change): Promise<Payment> {
  const { payment, event, transfers } = change;
  savePayment(tx, payment);
  writeTransfers(tx, transfers, deps.newId, deps.now());
  if (event !== undefined) publishPayment(tx, event, payment);
  // Asked within seconds, which is sooner than anybody looks by themselves.
  if (payment.state === "UNKNOWN") tx.notify(askChannel);
  return payment;
}

/** Applies the gateway's word to a locked payment; answers the payment as it is then. */
export async function applyCharge(tx: Tx, deps: ChangeDeps, payment: Payment, charge: Charge): Promise<Payment> {
  const change = settleCharge(payment, charge, deps.rules, deps.now());
  return change === undefined ? payment : storeChange(tx, deps, change);
}

/** Stores a decision about a refund whose payment is locked. */
export async function storeSettlement(tx: Tx, deps: ChangeDeps, settlement: RefundSettlement): Promise<void> {
  const { payment, refund, event, transfers } = settlement;
  savePayment(tx, payment);
  saveRefund(tx, refund);
  writeTransfers(tx, transfers, deps.newId, deps.now());
  if (event !== undefined) publishRefund(tx, event, payment, refund);
}
