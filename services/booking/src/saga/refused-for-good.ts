import { reasonOf } from "@dawr/rpc";

/**
 * Whether availability has refused in a way that asking again does not change: the slot or the reservation is not to be had.
 * An answer that did not come is none, nor a reservation of this very booking that is about to be released, nor one that was
 * moved: the booking shows its new token a moment later.
 */
export function isRefusedForGood(error: unknown): boolean {
  const known = reasonOf(error);
  if (known === undefined) return false;
  if (known.domain === "availability.dawr")
    return known.reason !== "BOOKING_ALREADY_RESERVED" && known.reason !== "FENCING_TOKEN_STALE";
  return known.reason === "NOT_FOUND" || known.reason === "VALIDATION_FAILED";
}

/** Whether availability has refused to move a reservation; an answer that did not come is none. */
export function isMoveRefused(error: unknown): boolean {
  return isRefusedForGood(error) || reasonOf(error)?.reason === "FENCING_TOKEN_STALE";
}

/**
 * Why payment has refused a refund in a way that asking again does not change; undefined when it may yet make it, or when
 * no answer came. (PY-07)
 */
export function finalRefundRefusal(error: unknown): string | undefined {
  const known = reasonOf(error);
  return known !== undefined && finalReasons[known.domain]?.has(known.reason) === true ? known.reason : undefined;
}

const finalReasons: Readonly<Record<string, ReadonlySet<string>>> = {
  "payment.dawr": new Set([
    // Booking asks once the money is there, and a payment that has succeeded stays so: there is none to give back.
    "PAYMENT_STATE_WRONG",
    // What is left grows only when another refund fails, which may never be.
    "REFUND_EXCEEDS_PAYMENT",
    "AMOUNTS_INCONSISTENT",
    "CURRENCY_NOT_SUPPORTED",
  ]),
  // The payment is unknown, or the request is wrong: the same request stays so.
  dawr: new Set(["NOT_FOUND", "VALIDATION_FAILED"]),
};
