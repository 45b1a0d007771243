import type { PlatformReason } from "./platform-errors.ts";

/** The reasons that name no fields; FieldsError has the one that does. */
type Reason = Exclude<PlatformReason, "VALIDATION_FAILED">;

/** A refusal that any service may give, with a reason of platformErrors. */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.metadata = metadata;
  }
}
