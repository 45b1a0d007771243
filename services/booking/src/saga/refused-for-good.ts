import { reasonOf } from "@dawr/rpc";

/**
 * Whether availability has refused in a way that asking again does not change: the slot or the reservation is not to be had.
 * An answer that did not come, or a reservation of this very booking that is about to be released, is none.
 */
export function isRefusedForGood(error: unknown): boolean {
  const known = reasonOf(error);
  if (known === undefined) return false;
  if (known.domain === "availability.dawr") return known.reason !== "BOOKING_ALREADY_RESERVED";
  return known.reason === "NOT_FOUND" || known.reason === "VALIDATION_FAILED";
}
