import type { Charge } from "./charge.ts";
import { SandboxError } from "./errors.ts";

/** A refund, whole; the amount in minor units of its charge. */
export type Refund = {
  readonly id: string;
  readonly chargeId: string;
  readonly status: "pending" | "succeeded" | "failed";
  readonly amount: bigint;
  readonly metadata: Readonly<Record<string, string>>;
  readonly failureCode: string | undefined;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};

/** The charge and its refund after one of them changed, with the event that tells of it. */
export type RefundChange = { readonly charge: Charge; readonly refund: Refund; readonly event: string | undefined };

/**
 * Gives back an amount, all that is left unless told. The card that was used decides how it ends; what a refund has taken
 * cannot be refunded twice, what a failed one took is free again. Throws charge_not_refundable, refund_exceeds_charge.
 */
export function refundCharge(
  charge: Charge,
  wish: { readonly id: string; readonly amount: bigint | undefined; readonly metadata: Refund["metadata"] },
  at: Temporal.Instant,
): RefundChange {
  if (charge.status !== "succeeded") throw new SandboxError("charge_not_refundable", { status: charge.status });
  const left = charge.amountCaptured - charge.amountRefunded;
  const amount = wish.amount ?? left;
  if (amount <= 0n || amount > left) throw new SandboxError("refund_exceeds_charge", { left: String(left) });
  const refund: Refund = {
    id: wish.id,
    chargeId: charge.id,
    status: "pending",
    amount,
    metadata: wish.metadata,
    failureCode: undefined,
    createTime: at,
    updateTime: at,
  };
  switch (charge.behaviour) {
    case "refund-fails":
      return { charge, refund: { ...refund, status: "failed", failureCode: "expired_card" }, event: "refund.failed" };
    case "refund-pending":
      return { charge: take(charge, amount, at), refund, event: "refund.pending" };
    default:
      return {
        charge: take(charge, amount, at),
        refund: { ...refund, status: "succeeded" },
        event: "refund.succeeded",
      };
  }
}

/** Ends a refund that took a while; undefined when it has ended. */
export function endRefund(refund: Refund, at: Temporal.Instant): Refund | undefined {
  return refund.status === "pending" ? { ...refund, status: "succeeded", updateTime: at } : undefined;
}

function take(charge: Charge, amount: bigint, at: Temporal.Instant): Charge {
  return { ...charge, amountRefunded: charge.amountRefunded + amount, updateTime: at };
}
