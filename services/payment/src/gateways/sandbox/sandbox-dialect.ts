import { z } from "zod";
import type { Charge, ChargeRefund } from "../../domain/charge.ts";

/** A charge as the sandbox writes it. */
export const chargeShape = z.object({
  object: z.literal("charge"),
  id: z.string(),
  status: z.enum(["pending", "requires_action", "processing", "authorized", "succeeded", "failed", "canceled"]),
  amount: z.number().int(),
  amount_captured: z.number().int(),
  amount_refunded: z.number().int(),
  currency: z.string(),
  metadata: z.record(z.string(), z.string()),
  pay_url: z.string(),
  failure_code: z.string().nullable(),
});

/** A refund as the sandbox writes it. */
export const refundShape = z.object({
  object: z.literal("refund"),
  id: z.string(),
  charge: z.string(),
  status: z.enum(["pending", "succeeded", "failed"]),
  amount: z.number().int(),
  currency: z.string(),
  metadata: z.record(z.string(), z.string()),
  failure_code: z.string().nullable(),
});

/** A webhook's body. */
export const eventShape = z.object({
  object: z.literal("event"),
  id: z.string(),
  type: z.string(),
  data: z.object({ object: z.union([chargeShape, refundShape, z.object({ object: z.string() })]) }),
});

/** A page of a list. */
export const pageShape = <T extends z.ZodType>(item: T) => z.object({ data: z.array(item), has_more: z.boolean() });

/** A charge in our words. Once paid, what was captured counts, so that another amount than asked is seen. */
export function toCharge(charge: z.infer<typeof chargeShape>): Charge {
  const amount = charge.status === "succeeded" ? charge.amount_captured : charge.amount;
  return {
    gatewayId: charge.id,
    operationId: charge.metadata.operation_id,
    status: statuses[charge.status],
    amount: { currencyCode: charge.currency, amountMinor: BigInt(amount) },
    refundedMinor: BigInt(charge.amount_refunded),
    payUrl: charge.pay_url,
    failure: charge.failure_code ?? undefined,
  };
}

/** A refund in our words. */
export function toRefund(refund: z.infer<typeof refundShape>): ChargeRefund {
  return {
    gatewayId: refund.id,
    operationId: refund.metadata.operation_id,
    status: refund.status,
    amount: { currencyCode: refund.currency, amountMinor: BigInt(refund.amount) },
    failure: refund.failure_code ?? undefined,
  };
}

const statuses = {
  pending: "pending",
  requires_action: "pending",
  processing: "pending",
  authorized: "pending",
  succeeded: "succeeded",
  failed: "failed",
  canceled: "cancelled",
} as const satisfies Record<z.infer<typeof chargeShape>["status"], Charge["status"]>;
