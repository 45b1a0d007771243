import type { Booking, Change, Money } from "./booking.ts";
import { touch } from "./moves.ts";

/** What the payment service tells of all refunds of a payment, added up, in minor units. */
export type RefundNews = {
  readonly payment: string;
  readonly currencyCode: string;
  /** What has gone back. */
  readonly doneMinor: bigint;
  /** What was asked for and has not ended. */
  readonly underWayMinor: bigint;
};

/**
 * Owes the customer an amount in all, and asks for what of it has not gone back already, by hand for example. The booking is
 * REFUNDING until it has, and as it was when nothing is owed. (PY-07)
 */
export function oweRefund(booking: Booking, due: Money, cause: string): Pick<Change, "booking" | "steps"> {
  const { payment } = booking;
  const doneMinor = booking.refund?.doneMinor ?? 0n;
  if (payment === undefined || due.amountMinor === 0n) return { booking, steps: [] };
  const refund = { currencyCode: due.currencyCode, dueMinor: due.amountMinor, doneMinor };
  if (doneMinor >= due.amountMinor) return { booking: { ...booking, paymentState: "REFUNDED", refund }, steps: [] };
  const amountMinor = due.amountMinor - doneMinor;
  return {
    booking: { ...booking, paymentState: "REFUNDING", refund },
    steps: [{ name: "refund-payment", payment: payment.name, amountMinor, currencyCode: due.currencyCode, cause }],
  };
}

/**
 * Notes what has gone back by now; whoever asked for it, and also after a refund that failed, the booking is REFUNDED once
 * that is all that is due. Undefined: known already, or another payment. Throws RangeError for another currency than was
 * paid. (PY-07)
 */
export function refundSucceeded(booking: Booking, news: RefundNews, at: Temporal.Instant): Change | undefined {
  const { refund } = booking;
  if (booking.payment?.name !== news.payment || news.doneMinor <= (refund?.doneMinor ?? 0n)) return undefined;
  requireSameCurrency(booking, news);
  const dueMinor = refund?.dueMinor ?? 0n;
  const isOver = wasRefundDue(booking) && news.doneMinor >= dueMinor;
  return {
    booking: touch(booking, at, {
      paymentState: isOver ? "REFUNDED" : booking.paymentState,
      refund: { currencyCode: news.currencyCode, dueMinor, doneMinor: news.doneMinor },
    }),
    event: undefined,
    steps: [],
    reason: isOver ? "refunded" : "refunded in part",
  };
}

/**
 * Notes that what is due could not be given back, unless other refunds of the payment that are under way may still bring it:
 * REFUND_FAILED, until somebody refunds it by hand. Undefined: nothing is being waited for. Throws RangeError for another
 * currency than was paid. (PY-07)
 */
export function refundFailed(booking: Booking, news: RefundNews, at: Temporal.Instant): Change | undefined {
  if (booking.payment?.name !== news.payment || booking.paymentState !== "REFUNDING") return undefined;
  requireSameCurrency(booking, news);
  if (news.doneMinor + news.underWayMinor >= (booking.refund?.dueMinor ?? 0n)) return undefined;
  return {
    booking: touch(booking, at, { paymentState: "REFUND_FAILED" }),
    event: undefined,
    steps: [],
    reason: "refund failed",
  };
}

/**
 * Notes that payment refuses to give back what is due, whoever asks: REFUND_FAILED, as when the gateway does. Undefined:
 * nothing is being waited for, or it is another payment. (PY-07)
 */
export function refundRefused(
  booking: Booking,
  { payment, reason }: { readonly payment: string; readonly reason: string },
  at: Temporal.Instant,
): Change | undefined {
  if (booking.payment?.name !== payment || booking.paymentState !== "REFUNDING") return undefined;
  return {
    booking: touch(booking, at, { paymentState: "REFUND_FAILED" }),
    event: undefined,
    steps: [],
    reason: `refund refused: ${reason}`,
  };
}

/** Whether money was to go back, whatever became of that. */
export function wasRefundDue(booking: Booking): boolean {
  const { paymentState } = booking;
  return paymentState === "REFUNDING" || paymentState === "REFUNDED" || paymentState === "REFUND_FAILED";
}

function requireSameCurrency({ refund, price }: Booking, { currencyCode }: RefundNews): void {
  const paid = refund?.currencyCode ?? price?.currencyCode;
  if (paid !== currencyCode) throw new RangeError(`${currencyCode} was refunded of what was paid in ${paid}`);
}
