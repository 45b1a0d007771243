/** Why search refuses, as in dawr.search.v1.ErrorReason. */
export type Reason = "PRICE_RANGE_EMPTY" | "REBUILD_RUNNING" | "ENGINE_UNAVAILABLE";

/** A refusal with its reason and every variable part of it; the text for people is made at the edge. */
export class SearchError extends Error {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.name = "SearchError";
    this.reason = reason;
    this.metadata = metadata;
  }
}
