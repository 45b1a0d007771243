import type { Tx } from "@dawr/store";
import { SandboxError } from "../domain/errors.ts";
import type { Refund } from "../domain/refund.ts";

/** Stores a new refund. */
export function insertRefund(tx: Tx, refund: Refund): void {
  tx.post(
    `insert into refund (id, charge_id, status, amount, metadata, failure_code, create_time, update_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      refund.id,
      refund.chargeId,
      refund.status,
      refund.amount,
      JSON.stringify(refund.metadata),
      refund.failureCode ?? null,
      refund.createTime,
      refund.updateTime,
    ],
  );
}

/** Reads a refund; throws not_found. */
export async function getRefund(tx: Tx, id: string): Promise<Refund> {
  const [row] = await tx.query<RefundRow>("select * from refund where id = $1", [id]);
  if (row === undefined) throw new SandboxError("not_found", { id });
  return toRefund(row);
}

/** Stores a refund's new state. */
export function saveRefund(tx: Tx, refund: Refund): void {
  tx.post("update refund set status = $2, failure_code = $3, update_time = $4 where id = $1", [
    refund.id,
    refund.status,
    refund.failureCode ?? null,
    refund.updateTime,
  ]);
}

/** What a list of refunds is narrowed to. */
export type RefundFilter = {
  readonly chargeId: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly startingAfter: string | undefined;
  readonly limit: number;
};

/** Lists refunds, the oldest first. */
export async function listRefunds(tx: Tx, filter: RefundFilter): Promise<Refund[]> {
  const rows = await tx.query<RefundRow>(
    `select * from refund r
     where ($1::text is null or r.charge_id = $1)
       and ($2::jsonb = '{}' or r.metadata @> $2::jsonb)
       and ($3::text is null or (r.create_time, r.id) > (select a.create_time, a.id from refund a where a.id = $3))
     order by r.create_time, r.id limit $4`,
    [filter.chargeId ?? null, JSON.stringify(filter.metadata), filter.startingAfter ?? null, filter.limit],
  );
  return rows.map(toRefund);
}

type RefundRow = {
  readonly id: string;
  readonly charge_id: string;
  readonly status: Refund["status"];
  readonly amount: bigint;
  readonly metadata: Readonly<Record<string, string>>;
  readonly failure_code: string | null;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

function toRefund(row: RefundRow): Refund {
  return {
    id: row.id,
    chargeId: row.charge_id,
    status: row.status,
    amount: row.amount,
    metadata: row.metadata,
    failureCode: row.failure_code ?? undefined,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
