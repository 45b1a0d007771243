/** What is known of a booking that expired. */
export type Expiry = {
  /** The customer had gone on to pay. */
  readonly wasPendingPayment: boolean;
  readonly reason: "HOLD_LAPSED" | "PAYMENT_TIMED_OUT" | "PAYMENT_FAILED" | "PAID_TOO_LATE" | "UNSPECIFIED";
  /** The money has come nevertheless. */
  readonly wasPaid: boolean;
};

/** What the customer is told about an expiry; undefined: a hold that nobody went on with is no news. (MS-03, BK-04) */
export function expiryTold({ wasPendingPayment, reason, wasPaid }: Expiry): "unpaid" | "paidTooLate" | undefined {
  if (reason === "PAID_TOO_LATE" || wasPaid) return "paidTooLate";
  return wasPendingPayment ? "unpaid" : undefined;
}
