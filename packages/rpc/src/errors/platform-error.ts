import type { PlatformReason } from "./platform-errors.ts";

/** A refusal that any service may give, with a reason of platformErrors. */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly reason: PlatformReason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: PlatformReason, metadata: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.metadata = metadata;
  }
}
