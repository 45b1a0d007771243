import type { Card } from "./cards.ts";
import { SandboxError } from "./errors.ts";

export type ChargeStatus =
  | "pending"
  | "requires_action"
  | "processing"
  | "authorized"
  | "succeeded"
  | "failed"
  | "canceled";

/** A charge, whole; amounts in minor units. */
export type Charge = {
  readonly id: string;
  readonly status: ChargeStatus;
  readonly currency: string;
  readonly amount: bigint;
  readonly amountCaptured: bigint;
  readonly amountRefunded: bigint;
  readonly capture: "automatic" | "manual";
  readonly description: string;
  readonly locale: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly returnUrl: string | undefined;
  readonly webhookUrl: string | undefined;
  readonly expireTime: Temporal.Instant | undefined;
  readonly behaviour: Card["behaviour"] | undefined;
  readonly cardBrand: string | undefined;
  readonly cardLast4: string | undefined;
  readonly failureCode: string | undefined;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};

/** A charge after something happened to it, with the event that tells of it. */
export type ChargeChange = { readonly charge: Charge; readonly event: string | undefined };

/** The charge as it is seen at an instant: an unpaid one whose page has ended is canceled. */
export function seenAt(charge: Charge, at: Temporal.Instant): Charge {
  const { expireTime } = charge;
  if (!isPayable(charge) || expireTime === undefined || Temporal.Instant.compare(at, expireTime) < 0) return charge;
  return { ...charge, status: "canceled", failureCode: "expired" };
}

/** Whether its page takes a card: nobody has paid it, or the last try failed. */
export function isPayable(charge: Charge): boolean {
  return charge.status === "pending" || charge.status === "failed" || charge.status === "requires_action";
}

/** Uses a card on a charge; a challenge or a delay leaves it open. Throws charge_not_payable. */
export function useCard(charge: Charge, card: Card, at: Temporal.Instant): ChargeChange {
  if (!isPayable(seenAt(charge, at)))
    throw new SandboxError("charge_not_payable", { status: seenAt(charge, at).status });
  const shown: Charge = { ...charge, behaviour: card.behaviour, cardBrand: card.brand, cardLast4: card.last4 };
  switch (card.behaviour) {
    case "decline":
      return fail(shown, "card_declined", at);
    case "insufficient-funds":
      return fail(shown, "insufficient_funds", at);
    case "challenge":
      return change(shown, { status: "requires_action", failureCode: undefined }, "charge.pending", at);
    case "delay":
      return change(shown, { status: "processing", failureCode: undefined }, "charge.pending", at);
    case "success":
    case "lost-response":
    case "refund-pending":
    case "refund-fails":
      return pay(shown, at);
  }
}

/** Ends a challenge: paid with the right code, else failed. Throws charge_not_payable. */
export function answerChallenge(charge: Charge, isRight: boolean, at: Temporal.Instant): ChargeChange {
  if (charge.status !== "requires_action" || seenAt(charge, at).status !== "requires_action")
    throw new SandboxError("charge_not_payable", { status: seenAt(charge, at).status });
  return isRight ? pay(charge, at) : fail(charge, "authentication_failed", at);
}

/** Ends the delay of a charge; undefined when it is not delayed any more. */
export function endDelay(charge: Charge, at: Temporal.Instant): ChargeChange | undefined {
  return charge.status === "processing" ? pay(charge, at) : undefined;
}

/** Takes the money of an authorised charge, once. Throws charge_not_capturable. */
export function captureCharge(charge: Charge, at: Temporal.Instant): ChargeChange {
  if (charge.status !== "authorized") throw new SandboxError("charge_not_capturable", { status: charge.status });
  return change(charge, { status: "succeeded", amountCaptured: charge.amount }, "charge.succeeded", at);
}

/** Cancels a charge that took no money; one that was canceled stays so. Throws charge_not_cancelable. */
export function cancelCharge(charge: Charge, at: Temporal.Instant): ChargeChange {
  const seen = seenAt(charge, at);
  if (charge.status === "canceled") return { charge, event: undefined };
  if (seen.status === "canceled")
    return change(charge, { status: "canceled", failureCode: "expired" }, "charge.canceled", at);
  if (charge.status === "succeeded" || charge.status === "processing")
    throw new SandboxError("charge_not_cancelable", { status: charge.status });
  return change(charge, { status: "canceled", failureCode: "canceled" }, "charge.canceled", at);
}

function pay(charge: Charge, at: Temporal.Instant): ChargeChange {
  if (charge.capture === "manual")
    return change(charge, { status: "authorized", failureCode: undefined }, "charge.authorized", at);
  const paid = { status: "succeeded", amountCaptured: charge.amount, failureCode: undefined } as const;
  return change(charge, paid, "charge.succeeded", at);
}

function fail(charge: Charge, failureCode: string, at: Temporal.Instant): ChargeChange {
  return change(charge, { status: "failed", failureCode }, "charge.failed", at);
}

function change(charge: Charge, to: Partial<Charge>, event: string, at: Temporal.Instant): ChargeChange {
  return { charge: { ...charge, ...to, updateTime: at }, event };
}
