import type { Payment, PaymentState } from "../domain/payment.ts";

/** A row of the table payment, as the store answers it. */
export type PaymentRow = {
  readonly provider_id: string;
  readonly id: string;
  readonly subject: string;
  readonly customer_id: string;
  readonly currency_code: string;
  readonly amount_minor: bigint;
  readonly service_minor: bigint;
  readonly tax_minor: bigint;
  readonly fee_minor: bigint;
  readonly gateway: string;
  readonly operation_id: string;
  readonly gateway_id: string | null;
  readonly pay_url: string | null;
  readonly return_url: string;
  readonly locale: string;
  readonly description: string;
  readonly pay_expire_time: Temporal.Instant;
  readonly state: PaymentState;
  readonly failure: string | null;
  readonly refund_reserved_minor: bigint;
  readonly refunded_minor: bigint;
  readonly version: bigint;
  readonly asked: number;
  readonly ask_time: Temporal.Instant | null;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
  readonly succeed_time: Temporal.Instant | null;
};

/** The payment that a row tells of. */
export function paymentOfRow(row: PaymentRow): Payment {
  return {
    id: row.id,
    providerId: row.provider_id,
    subject: row.subject,
    customerId: row.customer_id,
    amount: { currencyCode: row.currency_code, amountMinor: row.amount_minor },
    parts: { serviceMinor: row.service_minor, taxMinor: row.tax_minor, feeMinor: row.fee_minor },
    gateway: row.gateway,
    operationId: row.operation_id,
    gatewayId: row.gateway_id ?? undefined,
    payUrl: row.pay_url ?? undefined,
    returnUrl: row.return_url,
    locale: row.locale,
    description: row.description,
    payExpireTime: row.pay_expire_time,
    state: row.state,
    failure: row.failure ?? undefined,
    refundReservedMinor: row.refund_reserved_minor,
    refundedMinor: row.refunded_minor,
    version: row.version,
    asked: row.asked,
    askTime: row.ask_time ?? undefined,
    createTime: row.create_time,
    updateTime: row.update_time,
    succeedTime: row.succeed_time ?? undefined,
  };
}
