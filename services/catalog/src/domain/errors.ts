/** Why the catalogue refuses, as in dawr.catalog.v1.ErrorReason. */
export type Reason =
  | "PROVIDER_STATE_WRONG"
  | "PROVIDER_INCOMPLETE"
  | "VERTICAL_UNKNOWN"
  | "CATEGORY_UNKNOWN"
  | "TIME_ZONE_UNKNOWN"
  | "CURRENCY_WRONG"
  | "FIELD_IMMUTABLE"
  | "REFERENCE_UNKNOWN"
  | "ARCHIVED"
  | "BOOKING_NOT_REVIEWABLE"
  | "REVIEW_EXISTS";

/** A refusal with its reason and every variable part of it; the text for people is made at the edge. */
export class CatalogError extends Error {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.name = "CatalogError";
    this.reason = reason;
    this.metadata = metadata;
  }
}
