import type { Tx } from "@dawr/store";
import type { Refund, RefundState } from "../domain/refund.ts";

/** Stores a refund's intent. */
export function insertRefund(tx: Tx, refund: Refund): void {
  tx.post(
    `insert into refund (provider_id, id, payment_id, currency_code, amount_minor, service_minor, tax_minor, fee_minor,
       operation_id, state, cause, requested_by, version, create_time, update_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      refund.providerId,
      refund.id,
      refund.paymentId,
      refund.amount.currencyCode,
      refund.amount.amountMinor,
      refund.parts.serviceMinor,
      refund.parts.taxMinor,
      refund.parts.feeMinor,
      refund.operationId,
      refund.state,
      refund.cause,
      refund.requestedBy,
      refund.version,
      refund.createTime,
      refund.updateTime,
    ],
  );
}

/** Stores what changed of a refund whose payment this transaction has locked. */
export function saveRefund(tx: Tx, refund: Refund): void {
  tx.post(
    `update refund set gateway_id = $3, state = $4, failure = $5, version = $6, update_time = $7
     where provider_id = $1 and id = $2`,
    [
      refund.providerId,
      refund.id,
      refund.gatewayId ?? null,
      refund.state,
      refund.failure ?? null,
      refund.version,
      refund.updateTime,
    ],
  );
}

/** Reads a refund. */
export async function findRefund(tx: Tx, id: string): Promise<Refund | undefined> {
  return first(await tx.query<RefundRow>("select * from refund where id = $1", [id]));
}

/** Reads a refund by our operation id, which gateways give back. */
export async function findRefundOfOperation(tx: Tx, operationId: string): Promise<Refund | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(operationId)) return undefined;
  return first(await tx.query<RefundRow>("select * from refund where operation_id = $1", [operationId]));
}

/** The refunds of payments, the earliest first. */
export async function refundsOf(tx: Tx, paymentIds: readonly string[]): Promise<Refund[]> {
  if (paymentIds.length === 0) return [];
  const rows = await tx.query<RefundRow>("select * from refund where payment_id = any($1::uuid[]) order by id", [
    paymentIds,
  ]);
  return rows.map(toRefund);
}

type RefundRow = {
  readonly provider_id: string;
  readonly id: string;
  readonly payment_id: string;
  readonly currency_code: string;
  readonly amount_minor: bigint;
  readonly service_minor: bigint;
  readonly tax_minor: bigint;
  readonly fee_minor: bigint;
  readonly operation_id: string;
  readonly gateway_id: string | null;
  readonly state: RefundState;
  readonly cause: string;
  readonly requested_by: string;
  readonly failure: string | null;
  readonly version: bigint;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

function first(rows: readonly RefundRow[]): Refund | undefined {
  const row = rows[0];
  return row === undefined ? undefined : toRefund(row);
}

function toRefund(row: RefundRow): Refund {
  return {
    id: row.id,
    paymentId: row.payment_id,
    providerId: row.provider_id,
    amount: { currencyCode: row.currency_code, amountMinor: row.amount_minor },
    parts: { serviceMinor: row.service_minor, taxMinor: row.tax_minor, feeMinor: row.fee_minor },
    operationId: row.operation_id,
    gatewayId: row.gateway_id ?? undefined,
    state: row.state,
    cause: row.cause,
    requestedBy: row.requested_by,
    failure: row.failure ?? undefined,
    version: row.version,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
