/** Why messaging refuses, as in dawr.messaging.v1.ErrorReason. */
export type Reason = "TEMPLATE_UNKNOWN" | "ARGUMENTS_MISSING" | "RECIPIENT_UNKNOWN";

/** A refusal with its reason and every variable part of it; never a text for people. */
export class MessagingError extends Error {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.name = "MessagingError";
    this.reason = reason;
    this.metadata = metadata;
  }
}
