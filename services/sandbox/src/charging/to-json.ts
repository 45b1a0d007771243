import type { Charge } from "../domain/charge.ts";
import type { Refund } from "../domain/refund.ts";

/** A charge in the API's words. Amounts are below 2^53, which create-charge sees to. */
export function chargeToJson(charge: Charge, publicUrl: string): Record<string, unknown> {
  return {
    object: "charge",
    id: charge.id,
    status: charge.status,
    amount: Number(charge.amount),
    amount_captured: Number(charge.amountCaptured),
    amount_refunded: Number(charge.amountRefunded),
    currency: charge.currency,
    capture: charge.capture,
    description: charge.description,
    locale: charge.locale,
    metadata: charge.metadata,
    pay_url: `${publicUrl}/pay/${charge.id}`,
    return_url: charge.returnUrl ?? null,
    card: charge.cardLast4 === undefined ? null : { brand: charge.cardBrand, last4: charge.cardLast4 },
    failure_code: charge.failureCode ?? null,
    expire_time: charge.expireTime?.toString() ?? null,
    create_time: charge.createTime.toString(),
    update_time: charge.updateTime.toString(),
  };
}

/** A refund in the API's words. */
export function refundToJson(refund: Refund, currency: string): Record<string, unknown> {
  return {
    object: "refund",
    id: refund.id,
    charge: refund.chargeId,
    status: refund.status,
    amount: Number(refund.amount),
    currency,
    metadata: refund.metadata,
    failure_code: refund.failureCode ?? null,
    create_time: refund.createTime.toString(),
    update_time: refund.updateTime.toString(),
  };
}
