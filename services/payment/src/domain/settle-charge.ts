import { type AskingRules, nextAsk } from "./asking.ts";
import type { Charge } from "./charge.ts";
import { PaymentError } from "./errors.ts";
import { captureTransfer, type NewTransfer } from "./ledger.ts";
import { sameMoney } from "./money.ts";
import type { Payment, PaymentState } from "./payment.ts";

/** The events of a payment's life that others are told. */
export type PaymentEvent = "PaymentSucceeded" | "PaymentFailed" | "PaymentUnknown";

/** One decision: the payment after it, the event that tells of it, and what it moves in the ledger. */
export type Change = {
  readonly payment: Payment;
  readonly event: PaymentEvent | undefined;
  readonly transfers: readonly NewTransfer[];
};

/**
 * Takes the gateway's word about the charge of a payment, whatever the order in which its words arrive: money taken wins over
 * everything, and nothing undoes it; another amount or currency is never a success. Undefined: nothing new. (PY-06, PY-11)
 */
export function settleCharge(
  payment: Payment,
  charge: Charge,
  rules: AskingRules,
  at: Temporal.Instant,
): Change | undefined {
  if (payment.state === "SUCCEEDED") return undefined;
  const known = {
    ...payment,
    gatewayId: payment.gatewayId ?? charge.gatewayId,
    payUrl: payment.payUrl ?? charge.payUrl,
  };
  if (!sameMoney(payment.amount, charge.amount)) {
    // A person has looked at this contradiction already.
    if (payment.failure === resolvedByHand) return undefined;
    return unknown(known, "amount_mismatch", rules, at);
  }
  switch (charge.status) {
    case "succeeded":
      return succeeded(known, rules, at);
    case "failed":
      return ended(known, "FAILED", charge.failure ?? "card_declined", rules, at);
    case "cancelled":
      return ended(known, "CANCELLED", charge.failure ?? "cancelled", rules, at);
    case "pending":
      if (payment.state === "CREATED" || isUnheard(payment))
        return { payment: moved(known, "PENDING", undefined, rules, at), event: undefined, transfers: [] };
      return undefined;
  }
}

/** Notes that the gateway's answer to an intent was lost: it is neither paid nor failed until the gateway has said so. */
export function loseAnswer(payment: Payment, rules: AskingRules, at: Temporal.Instant): Change | undefined {
  return payment.state === "CREATED" ? unknown(payment, "no_answer", rules, at) : undefined;
}

/** Notes that the gateway refused the intent, or never got it and is not to get it any more. */
export function refuseIntent(
  payment: Payment,
  failure: string,
  rules: AskingRules,
  at: Temporal.Instant,
): Change | undefined {
  return payment.state === "CREATED" || isUnheard(payment) ? ended(payment, "FAILED", failure, rules, at) : undefined;
}

/** Cancels a payment whose intent the gateway does not know: one that it refused is not asked about for ever, either. */
export function cancelUnsent(payment: Payment, rules: AskingRules, at: Temporal.Instant): Change | undefined {
  const isRefused = payment.state === "FAILED" && payment.gatewayId === undefined;
  return payment.state === "CREATED" || isUnheard(payment) || isRefused
    ? ended(payment, "CANCELLED", "cancelled", rules, at)
    : undefined;
}

/** Settles a payment by hand when the gateway's word is not to be had or contradicts the intent. Throws PAYMENT_STATE_WRONG. */
export function resolvePayment(
  payment: Payment,
  state: "SUCCEEDED" | "FAILED",
  rules: AskingRules,
  at: Temporal.Instant,
): Change {
  if (payment.state !== "UNKNOWN")
    throw new PaymentError("PAYMENT_STATE_WRONG", { payment: `payments/${payment.id}`, state: payment.state });
  if (state === "SUCCEEDED") return succeeded(payment, rules, at);
  const failed = moved(payment, "FAILED", resolvedByHand, rules, at);
  return { payment: { ...failed, askTime: undefined }, event: "PaymentFailed", transfers: [] };
}

const resolvedByHand = "resolved_by_hand";

function succeeded(payment: Payment, rules: AskingRules, at: Temporal.Instant): Change {
  return {
    payment: { ...moved(payment, "SUCCEEDED", undefined, rules, at), succeedTime: at },
    event: "PaymentSucceeded",
    transfers: [captureTransfer(payment)],
  };
}

function ended(
  payment: Payment,
  state: "FAILED" | "CANCELLED",
  failure: string,
  rules: AskingRules,
  at: Temporal.Instant,
): Change | undefined {
  if (payment.state === state || payment.state === "CANCELLED") return undefined;
  return {
    payment: moved(payment, state, failure, rules, at),
    // Who was told of the failure need not be told that the page was closed as well.
    event: payment.state === "FAILED" ? undefined : "PaymentFailed",
    transfers: [],
  };
}

function unknown(payment: Payment, failure: string, rules: AskingRules, at: Temporal.Instant): Change | undefined {
  if (payment.state === "UNKNOWN" && payment.failure === failure) return undefined;
  return { payment: moved(payment, "UNKNOWN", failure, rules, at), event: "PaymentUnknown", transfers: [] };
}

function moved(
  payment: Payment,
  state: PaymentState,
  failure: string | undefined,
  rules: AskingRules,
  at: Temporal.Instant,
): Payment {
  return {
    ...payment,
    state,
    failure,
    version: payment.version + 1n,
    asked: 0,
    askTime: nextAsk(rules, state, 0, at),
    updateTime: at,
  };
}

/** Unknown because no answer came; a contradiction is not lifted by hearing that the charge is pending. */
function isUnheard(payment: Payment): boolean {
  return payment.state === "UNKNOWN" && payment.failure === "no_answer";
}
