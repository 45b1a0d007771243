import { type Step, type StepRunner, stepRunner } from "@dawr/runtime";
import { z } from "zod";
import type { Payment } from "../domain/payment.ts";
import type { Refund } from "../domain/refund.ts";
import { failRefund, loseRefundAnswer, type RefundSettlement, settleRefund } from "../domain/settle-refund.ts";
import { GatewayRefusal, GatewaySilence } from "../gateways/gateway.ts";
import { findPayment, lockPayment } from "../store/payments.ts";
import { findRefund } from "../store/refunds.ts";
import { type Deps, gatewayOf } from "./deps.ts";
import { storeSettlement } from "./store-change.ts";

/** The runner of refunds: a step for each, stored with its intent. */
export const refundRunner = "payment.refunds";

const payload = z.object({ refund: z.uuid() });

/** Sends refunds to their gateway, and asks about them until they have ended. (PY-07, PY-11) */
export function refundSteps(deps: Deps): StepRunner {
  return stepRunner({ name: refundRunner, concurrency: 8, run: (step) => runRefund(deps, step) });
}

async function runRefund(deps: Deps, step: Step): Promise<void> {
  const { refund: id } = payload.parse(step.payload);
  const { payment, refund } = await deps.store.read(async (tx) => {
    const refund = await findRefund(tx, id);
    return { refund, payment: refund === undefined ? undefined : await findPayment(tx, refund.paymentId) };
  });
  if (payment === undefined || refund === undefined) throw new Error(`refund ${id} has gone`);
  if (hasEnded(refund)) return;
  const outcome = await send(deps, payment, refund, step.attempt);
  await deps.store.transaction(async (tx) => {
    // The payment is locked first, as everywhere.
    const currentPayment = await lockPayment(tx, payment.id);
    const current = await findRefund(tx, id);
    if (currentPayment === undefined || current === undefined) throw new Error(`refund ${id} has gone`);
    const at = deps.now();
    const settlement = outcome(currentPayment, current, at);
    if (settlement !== undefined) await storeSettlement(tx, deps, settlement);
    if (hasEnded(settlement?.refund ?? current)) step.done(tx);
    else step.later(tx, at.add(pauseOf(current, at)));
  });
}

type RefundOutcome = (payment: Payment, refund: Refund, at: Temporal.Instant) => RefundSettlement | undefined;

async function send(deps: Deps, payment: Payment, refund: Refund, attempt: number): Promise<RefundOutcome> {
  const gateway = gatewayOf(deps, payment.gateway);
  try {
    // Whatever may have been sent before is asked for first.
    const isFirst = refund.state === "REQUESTED" && attempt === 1;
    const known = isFirst ? undefined : await gateway.findRefund(payment, refund);
    const heard = known ?? (await gateway.createRefund(payment, refund));
    return (current, currentRefund, at) => settleRefund(current, currentRefund, heard, at);
  } catch (error) {
    if (error instanceof GatewayRefusal)
      return (current, currentRefund, at) => failRefund(current, currentRefund, error.failure, at);
    if (!(error instanceof GatewaySilence)) throw error;
    deps.log.warn({ err: error, refund: refund.id, gateway: payment.gateway }, "a gateway did not answer");
    return loseRefundAnswer;
  }
}

function hasEnded(refund: Refund): boolean {
  return refund.state === "SUCCEEDED" || refund.state === "FAILED";
}

/** The longer it takes, the longer we wait: half its age, from a second to an hour. */
function pauseOf(refund: Refund, at: Temporal.Instant): Temporal.Duration {
  const ageMs = at.epochMilliseconds - refund.createTime.epochMilliseconds;
  return Temporal.Duration.from({ milliseconds: Math.round(Math.min(Math.max(ageMs / 2, 1_000), 3_600_000)) });
}
