import type { Tx } from "@dawr/store";
import type { Payment } from "../domain/payment.ts";
import { type PaymentRow, paymentOfRow } from "./payment-row.ts";

/** How our books and a gateway's list can differ. */
type FindingKind =
  | "CHARGE_UNKNOWN_HERE"
  | "CHARGE_UNKNOWN_THERE"
  | "AMOUNT_DIFFERS"
  | "STATE_DIFFERS"
  | "REFUND_DIFFERS";

/** One difference, for a person to look at. */
export type Finding = {
  readonly kind: FindingKind;
  /** The charge's id at the gateway, or our payment's. */
  readonly reference: string;
  readonly paymentId: string | undefined;
  readonly ours: string;
  readonly theirs: string;
};

/** Records a difference, once. */
export async function recordFinding(tx: Tx, gateway: string, finding: Finding, at: Temporal.Instant): Promise<boolean> {
  const rows = await tx.query(
    `insert into reconciliation_finding (gateway, kind, reference, payment_id, ours, theirs, find_time)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (gateway, kind, reference) do nothing returning kind`,
    [gateway, finding.kind, finding.reference, finding.paymentId ?? null, finding.ours, finding.theirs, at],
  );
  return rows.length > 0;
}

/** How far a gateway's list has been compared; undefined: never. */
export async function comparedUntil(tx: Tx, gateway: string): Promise<Temporal.Instant | undefined> {
  const [row] = await tx.query<{ readonly compared_until: Temporal.Instant }>(
    "select compared_until from reconciliation_mark where gateway = $1",
    [gateway],
  );
  return row?.compared_until;
}

/** Notes how far a gateway's list has been compared. */
export async function markCompared(tx: Tx, gateway: string, until: Temporal.Instant): Promise<void> {
  await tx.query(
    `insert into reconciliation_mark (gateway, compared_until) values ($1, $2)
     on conflict (gateway) do update set compared_until = greatest(reconciliation_mark.compared_until, excluded.compared_until)`,
    [gateway, until],
  );
}

/** Paid payments of a gateway that were made in [from, before), after an id, the oldest first. */
export async function paidPayments(
  tx: Tx,
  query: {
    readonly gateway: string;
    readonly from: Temporal.Instant;
    readonly before: Temporal.Instant;
    readonly after: string;
    readonly limit: number;
  },
): Promise<Payment[]> {
  const rows = await tx.query<PaymentRow>(
    `select * from payment
     where gateway = $1 and create_time >= $2 and create_time < $3 and state = 'SUCCEEDED' and id > $4
     order by id limit $5`,
    [query.gateway, query.from, query.before, query.after, query.limit],
  );
  return rows.map(paymentOfRow);
}
