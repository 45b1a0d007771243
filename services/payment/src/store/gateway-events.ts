import type { Tx } from "@dawr/store";
import type { Money } from "../domain/money.ts";

/** What a genuine webhook did. */
export type GatewayEventOutcome = "APPLIED" | "NOTHING_NEW" | "MISMATCH" | "NOT_OURS";

/** A genuine webhook, as it is kept. */
export type GatewayEventRecord = {
  readonly gateway: string;
  readonly eventId: string;
  readonly type: string;
  readonly gatewayId: string;
  readonly paymentId: string | undefined;
  readonly status: string;
  readonly amount: Money;
  readonly outcome: GatewayEventOutcome;
};

/** Records a webhook; answers false when it was recorded before, so that a replay has no effect. (PY-06) */
export async function recordGatewayEvent(tx: Tx, event: GatewayEventRecord, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    `insert into gateway_event (gateway, event_id, type, gateway_id, payment_id, status, currency_code, amount_minor,
       outcome, receive_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (gateway, event_id) do nothing returning event_id`,
    [
      event.gateway,
      event.eventId,
      event.type,
      event.gatewayId,
      event.paymentId ?? null,
      event.status,
      event.amount.currencyCode,
      event.amount.amountMinor,
      event.outcome,
      at,
    ],
  );
  return rows.length > 0;
}
