import type { Money } from "./money.ts";
import type { Parts, Payment } from "./payment.ts";
import type { Refund } from "./refund.ts";

/** One line of a transfer: a debit when positive, a credit when negative, in minor units. */
export type Entry = { readonly account: string; readonly currencyCode: string; readonly amountMinor: bigint };

/** Why money moved. */
export type TransferKind = "CAPTURE" | "REFUND_REQUESTED" | "REFUND_SUCCEEDED" | "REFUND_FAILED";

/** A movement to be written: once per kind and reference, and balanced. (PY-05) */
export type NewTransfer = {
  readonly kind: TransferKind;
  /** The payment or refund that it is about. */
  readonly referenceId: string;
  readonly providerId: string;
  readonly entries: readonly Entry[];
};

/** The ledger's accounts by id. */
export const accounts = {
  /** What a gateway holds for us until it pays out: an asset. */
  clearing: (gateway: string): string => `gateway-${gateway}`,
  /** What we owe a customer: refunds on their way. */
  customer: (customerId: string): string => `customer-${customerId}`,
  /** What we owe a provider until settlement. */
  provider: (providerId: string): string => `provider-${providerId}`,
  /** Tax collected, owed to the state. */
  tax: "tax",
  revenue: "platform-revenue",
  /** Fees given back, beside revenue rather than in it, so that both stay visible. */
  refunds: "platform-refunds",
} as const;

/** Makes a transfer; lines of zero are left out. Throws RangeError when the lines of a currency do not cancel out. */
export function transfer(
  kind: TransferKind,
  referenceId: string,
  providerId: string,
  lines: readonly Entry[],
): NewTransfer {
  const entries = lines.filter((line) => line.amountMinor !== 0n);
  for (const [currency, sumMinor] of sumsByCurrency(entries)) {
    if (sumMinor !== 0n) throw new RangeError(`${kind} of ${referenceId} is off by ${sumMinor} ${currency}`);
  }
  return { kind, referenceId, providerId, entries };
}

/** The customer's money has come: the gateway holds it for the provider, the state and the platform. */
export function captureTransfer(payment: Payment): NewTransfer {
  const { amount, parts } = payment;
  return transfer("CAPTURE", payment.id, payment.providerId, [
    debit(accounts.clearing(payment.gateway), amount),
    ...partLines(payment, parts, -1n, accounts.revenue),
  ]);
}

/** A refund is promised: what its parts were booked to goes to what we owe the customer. */
export function refundRequestedTransfer(payment: Payment, refund: Refund): NewTransfer {
  return transfer("REFUND_REQUESTED", refund.id, payment.providerId, [
    ...partLines(payment, refund.parts, 1n, accounts.refunds),
    credit(accounts.customer(payment.customerId), refund.amount),
  ]);
}

/** The gateway has paid the customer back. */
export function refundSucceededTransfer(payment: Payment, refund: Refund): NewTransfer {
  return transfer("REFUND_SUCCEEDED", refund.id, payment.providerId, [
    debit(accounts.customer(payment.customerId), refund.amount),
    credit(accounts.clearing(payment.gateway), refund.amount),
  ]);
}

/** The gateway will not pay back: the promise is taken out of the books by its opposite. */
export function refundFailedTransfer(payment: Payment, refund: Refund): NewTransfer {
  return transfer("REFUND_FAILED", refund.id, payment.providerId, [
    debit(accounts.customer(payment.customerId), refund.amount),
    ...partLines(payment, refund.parts, -1n, accounts.refunds),
  ]);
}

/** The sum of the lines of each currency; zero for all of them in a balanced set. */
export function sumsByCurrency(entries: readonly Entry[]): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { currencyCode, amountMinor } of entries)
    sums.set(currencyCode, (sums.get(currencyCode) ?? 0n) + amountMinor);
  return sums;
}

function partLines(payment: Payment, parts: Parts, sign: 1n | -1n, feeAccount: string): readonly Entry[] {
  const { currencyCode } = payment.amount;
  return [
    { account: accounts.provider(payment.providerId), currencyCode, amountMinor: sign * parts.serviceMinor },
    { account: accounts.tax, currencyCode, amountMinor: sign * parts.taxMinor },
    { account: feeAccount, currencyCode, amountMinor: sign * parts.feeMinor },
  ];
}

function debit(account: string, money: Money): Entry {
  return { account, ...money };
}

function credit(account: string, { currencyCode, amountMinor }: Money): Entry {
  return { account, currencyCode, amountMinor: -amountMinor };
}
