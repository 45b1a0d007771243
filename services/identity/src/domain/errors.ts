/** Why identity refuses, as in dawr.identity.v1.ErrorReason. */
export type Reason =
  | "CREDENTIALS_INVALID"
  | "CODE_INVALID"
  | "ACCOUNT_LOCKED"
  | "PASSWORD_WEAK"
  | "PASSWORD_LEAKED"
  | "TOO_YOUNG"
  | "CONTACT_NOT_VERIFIED"
  | "ACCOUNT_SUSPENDED"
  | "REFRESH_TOKEN_INVALID"
  | "LAST_OWNER"
  | "ROLE_NOT_GRANTABLE"
  | "ACCOUNT_STATE_WRONG"
  | "DEPENDENT_LIMIT_REACHED";

/** A refusal with its reason and every variable part of it; never a text for people. */
export class IdentityError extends Error {
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.name = "IdentityError";
    this.reason = reason;
    this.metadata = metadata;
  }
}
