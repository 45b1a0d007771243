import type { Payment, PaymentState } from "./payment.ts";

/** When the gateway is asked about a payment whose end is not known. (PY-11) */
export type AskingRules = {
  /** After this long without news of a customer who should be paying; doubled each time. */
  readonly pendingAfter: Temporal.Duration;
  /** After this long when an answer was lost; doubled each time. */
  readonly unknownAfter: Temporal.Duration;
  /** The longest pause. */
  readonly atMost: Temporal.Duration;
  /** A payment that nobody made until this long after its page has ended is cancelled at the gateway. */
  readonly overdueAfter: Temporal.Duration;
  /** Until this age, an intent that the gateway does not know is sent again under its operation id; older, it has failed. */
  readonly resendFor: Temporal.Duration;
};

/** When to ask next after a change to this state, or after asking in vain; undefined: there is nothing left to learn. */
export function nextAsk(
  rules: AskingRules,
  state: PaymentState,
  asked: number,
  at: Temporal.Instant,
): Temporal.Instant | undefined {
  switch (state) {
    case "SUCCEEDED":
    case "CANCELLED":
      return undefined;
    case "CREATED":
    case "UNKNOWN":
      return at.add(backOff(rules.unknownAfter, asked, rules.atMost));
    case "PENDING":
    case "FAILED":
      return at.add(backOff(rules.pendingAfter, asked, rules.atMost));
  }
}

/** The payment after the gateway was asked and told nothing new. */
export function askedInVain(payment: Payment, rules: AskingRules, at: Temporal.Instant): Payment {
  const asked = payment.asked + 1;
  return { ...payment, asked, askTime: nextAsk(rules, payment.state, asked, at) };
}

/** Whether the charge is to be cancelled, so that it cannot be paid any more: its page has ended a while ago. */
export function isOverdue(payment: Payment, rules: AskingRules, at: Temporal.Instant): boolean {
  return Temporal.Instant.compare(at, payment.payExpireTime.add(rules.overdueAfter)) >= 0;
}

/** Whether an intent that the gateway does not know may still be sent (again). */
export function mayResend(payment: Payment, rules: AskingRules, at: Temporal.Instant): boolean {
  return Temporal.Instant.compare(at, payment.createTime.add(rules.resendFor)) < 0;
}

function backOff(first: Temporal.Duration, asked: number, atMost: Temporal.Duration): Temporal.Duration {
  // 2^20 times the first pause is beyond any longest one; more would overflow.
  const milliseconds = Math.round(first.total("milliseconds") * 2 ** Math.min(asked, 20));
  return Temporal.Duration.from({ milliseconds: Math.min(milliseconds, Math.round(atMost.total("milliseconds"))) });
}
