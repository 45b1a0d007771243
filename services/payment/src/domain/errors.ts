/** Why the payment service refuses, as in dawr.payment.v1.ErrorReason. */
export type Reason =
  | "PAYMENT_EXISTS"
  | "PAYMENT_STATE_WRONG"
  | "REFUND_EXCEEDS_PAYMENT"
  | "REFUND_EXCEEDS_PRICE"
  | "AMOUNTS_INCONSISTENT"
  | "CURRENCY_NOT_SUPPORTED"
  | "GATEWAY_UNKNOWN"
  | "GATEWAY_UNAVAILABLE"
  | "GATEWAY_REFUSED"
  | "WEBHOOK_SIGNATURE_INVALID"
  | "WEBHOOK_TOO_OLD"
  | "WEBHOOK_MALFORMED"
  | "RETURN_URL_NOT_ALLOWED";

/** A refusal with its reason and every variable part of it; the text for people is made at the edge. */
export class PaymentError extends Error {
  override readonly name = "PaymentError";
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.metadata = metadata;
  }
}
