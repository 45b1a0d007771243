import type { Tx } from "@dawr/store";
import type { Payment } from "../domain/payment.ts";

/** Records that a person settled a payment, who it was and how they knew. */
export async function recordResolution(
  tx: Tx,
  payment: Payment,
  { resolvedBy, note, at }: { readonly resolvedBy: string; readonly note: string; readonly at: Temporal.Instant },
): Promise<void> {
  await tx.query(
    `insert into payment_resolution (provider_id, payment_id, version, resolved_by, state, note, resolve_time)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [payment.providerId, payment.id, payment.version, resolvedBy, payment.state, note, at],
  );
}
