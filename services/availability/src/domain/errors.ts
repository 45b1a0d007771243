export type Reason =
  | "SLOT_TAKEN"
  | "SLOT_NOT_OFFERED"
  | "RESERVATION_LAPSED"
  | "RESERVATION_RELEASED"
  | "FENCING_TOKEN_STALE"
  | "BOOKING_ALREADY_RESERVED"
  | "PROVIDER_NOT_BOOKABLE"
  | "SERVICE_NOT_BOOKABLE"
  | "STAFF_NOT_ABLE"
  | "ADD_ON_UNKNOWN"
  | "HOURS_OVERLAP"
  | "DAY_REPEATED"
  | "TIME_ZONE_UNKNOWN"
  | "OTHER_PROVIDER"
  | "MOVE_TOO_LATE";

/** What went wrong, with every variable part by name; never a text for people. */
export class AvailabilityError extends Error {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.name = "AvailabilityError";
    this.reason = reason;
    this.metadata = metadata;
  }
}
