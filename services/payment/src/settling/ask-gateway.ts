import { nextDeadline, type Timer } from "@dawr/runtime";
import { askedInVain, isOverdue, mayResend } from "../domain/asking.ts";
import type { Payment } from "../domain/payment.ts";
import { cancelUnsent, refuseIntent, settleCharge } from "../domain/settle-charge.ts";
import { GatewaySilence } from "../gateways/gateway.ts";
import { claimDue, lockPayment, nextAskTime, savePayment } from "../store/payments.ts";
import { type Deps, gatewayOf } from "./deps.ts";
import { type Outcome, sendIntent } from "./send-intent.ts";
import { askChannel, storeChange } from "./store-change.ts";

/** A replica that took payments and crashed leaves them to others after this. */
const lease = Temporal.Duration.from({ seconds: 30 });
const atOnce = 16;

/** Asks gateways about payments whose end is not known, until it is. (PY-11) */
export function askTimer(deps: Deps): Timer {
  // Payments are not worth a NOTIFY each: new ones are seen by looking twice as often as they are due.
  const lookEvery = Temporal.Duration.from({
    milliseconds: Math.ceil(deps.rules.pendingAfter.total("milliseconds") / 2),
  });
  return nextDeadline({
    name: "ask-gateways",
    channel: askChannel,
    async next() {
      const due = await deps.store.read(nextAskTime);
      const look = deps.now().add(lookEvery);
      return due !== undefined && Temporal.Instant.compare(due, look) < 0 ? due : look;
    },
    async fire() {
      const at = deps.now();
      const payments = await deps.store.transaction((tx) => claimDue(tx, { at, until: at.add(lease), limit: atOnce }));
      const asked = payments.map((payment) =>
        // What is wrong about one must not keep the others; its lease ends, and it is asked about again.
        askAbout(deps, payment).catch((error: unknown) => {
          deps.log.error({ err: error, payment: payment.id }, "a gateway could not be asked");
        }),
      );
      await Promise.all(asked);
    },
  });
}

/** Asks about one payment and stores what was learnt, or when to ask again. */
async function askAbout(deps: Deps, payment: Payment): Promise<Payment> {
  const outcome = await ask(deps, payment);
  return deps.store.transaction(async (tx) => {
    const current = await lockPayment(tx, payment.id);
    if (current === undefined) return payment;
    const at = deps.now();
    const change = outcome(current, at);
    if (change !== undefined) return storeChange(tx, deps, change);
    if (current.askTime === undefined) return current;
    const next = askedInVain(current, deps.rules, at);
    savePayment(tx, next);
    return next;
  });
}

async function ask(deps: Deps, payment: Payment): Promise<Outcome> {
  const gateway = gatewayOf(deps, payment.gateway);
  const at = deps.now();
  try {
    const isOver = isOverdue(payment, deps.rules, at);
    const charge = await (isOver ? gateway.cancelCharge(payment) : gateway.findCharge(payment));
    if (charge !== undefined) return (current, then) => settleCharge(current, charge, deps.rules, then);
    if (isOver) return (current, then) => cancelUnsent(current, deps.rules, then);
    const isUnsent = payment.state === "CREATED" || payment.state === "UNKNOWN";
    if (isUnsent && payment.gatewayId === undefined) {
      // It never arrived: sent again under the same operation id while somebody may still wait for it.
      if (mayResend(payment, deps.rules, at)) return await sendIntent(deps, payment);
      return (current, then) => refuseIntent(current, "not_started", deps.rules, then);
    }
    // One that the gateway refused has never been there.
    if (payment.gatewayId !== undefined)
      deps.log.error({ payment: payment.id, gateway: payment.gateway }, "a gateway has lost a charge");
    return () => undefined;
  } catch (error) {
    if (!(error instanceof GatewaySilence)) throw error;
    deps.log.warn({ err: error, payment: payment.id, gateway: payment.gateway }, "a gateway did not answer");
    return () => undefined;
  }
}
