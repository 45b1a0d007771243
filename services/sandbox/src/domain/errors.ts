/** Why the sandbox refuses; part of its API. */
export type Code =
  | "unauthorized"
  | "not_found"
  | "method_not_allowed"
  | "invalid_request"
  | "body_too_large"
  | "idempotency_key_required"
  | "idempotency_key_reused"
  | "charge_not_payable"
  | "charge_not_capturable"
  | "charge_not_cancelable"
  | "charge_not_refundable"
  | "refund_exceeds_charge"
  | "loopback_only"
  | "internal";

/** A refusal with its code and its variable parts. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
  readonly code: Code;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: Code, details: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.details = details;
  }
}
