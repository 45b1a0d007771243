/** The name of a payment. */
export function paymentName(paymentId: string): string {
  return `payments/${paymentId}`;
}

/** The name of a refund. */
export function refundName(paymentId: string, refundId: string): string {
  return `payments/${paymentId}/refunds/${refundId}`;
}

/** The id in a resource name such as "payments/{p}" or "accounts/{a}": its second part. */
export function idOf(name: string): string {
  return name.split("/")[1] ?? "";
}

/** The name of a ledger account. */
export function ledgerAccountName(account: string): string {
  return `ledgerAccounts/${account}`;
}
