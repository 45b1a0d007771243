import type { Store, Tx } from "@dawr/store";

/**
 * Keeps the sealed quote for which a booking's payment is about to be asked for, and answers the one that counts: the first.
 * A booking has one payment, of one amount, however often making it is tried.
 */
export async function beginPayment(
  store: Pick<Store, "query">,
  bookingId: string,
  sealedQuote: string,
  at: Temporal.Instant,
): Promise<string> {
  const [row] = await store.query<{ quote: string }>(
    `insert into payment_start as s (booking_id, quote, start_time) values ($1, $2, $3)
     on conflict (booking_id) do update set quote = s.quote returning quote`,
    [bookingId, sealedQuote, at],
  );
  return row?.quote ?? sealedQuote;
}

/** The sealed quote for which a booking's payment was asked for; undefined when none was. */
export async function findPaymentStart(tx: Tx, bookingId: string): Promise<string | undefined> {
  const [row] = await tx.query<{ quote: string }>("select quote from payment_start where booking_id = $1", [bookingId]);
  return row?.quote;
}

/** Forgets that a payment was asked for: it was refused before it could begin. */
export async function endPaymentStart(tx: Tx, bookingId: string): Promise<void> {
  await tx.query("delete from payment_start where booking_id = $1", [bookingId]);
}
