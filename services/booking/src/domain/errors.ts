const reasons = [
  "SLOT_TAKEN",
  "SLOT_NOT_OFFERED",
  "HOLD_EXPIRED",
  "HOLD_LIMIT_REACHED",
  "QUOTE_INVALID",
  "QUOTE_EXPIRED",
  "QUOTE_MISMATCH",
  "BOOKING_STATE_WRONG",
  "BOOKING_NOT_CANCELLABLE",
  "PENALTY_NOT_ACCEPTED",
  "PROVIDER_NOT_BOOKABLE",
  "SERVICE_NOT_BOOKABLE",
  "STAFF_NOT_ABLE",
  "ADD_ON_UNKNOWN",
  "PAYMENT_METHOD_NOT_OFFERED",
  "RETURN_URL_NOT_ALLOWED",
  "PAYMENT_UNAVAILABLE",
  "TOO_YOUNG",
  "OTHER_PROVIDER",
  "RESCHEDULE_LIMIT_REACHED",
  "RESCHEDULE_TOO_LATE",
  "TOO_EARLY",
  "REASON_REQUIRED",
  "DEPENDENT_UNKNOWN",
  "ADDRESS_REQUIRED",
  "PLACES_DIFFER",
  "CUSTOMER_UNKNOWN",
  "STAFF_CHOICES_MISMATCH",
  "FIELD_NOT_YOURS",
  "DEPENDENT_KIND_NOT_SERVED",
  "NOT_ONLINE",
] as const;

/** Why the booking service refuses, as in dawr.booking.v1.ErrorReason. */
export type Reason = (typeof reasons)[number];

/** Whether a text is one of booking's reasons. */
export function isReason(text: string): text is Reason {
  return reasons.some((reason) => reason === text);
}

/** A refusal with its reason and every variable part of it; the text for people is made at the edge. */
export class BookingError extends Error {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.name = "BookingError";
    this.reason = reason;
    this.metadata = metadata;
  }
}
