import type { Money } from "./money.ts";
import type { Parts } from "./payment.ts";

/** REQUESTED: the intent is stored. PENDING: the gateway took it. UNKNOWN: its answer was lost and is being asked for. */
export type RefundState = "REQUESTED" | "PENDING" | "UNKNOWN" | "SUCCEEDED" | "FAILED";

/** A refund of a payment or of a part of it, whole. */
export type Refund = {
  readonly id: string;
  readonly paymentId: string;
  readonly providerId: string;
  readonly amount: Money;
  /** Which parts of the payment it gives back; the sum is the amount. */
  readonly parts: Parts;
  readonly operationId: string;
  readonly gatewayId: string | undefined;
  readonly state: RefundState;
  readonly cause: string;
  /** Who asked: an account's name, or the service. */
  readonly requestedBy: string;
  readonly failure: string | undefined;
  /** Grows by one at each change. */
  readonly version: bigint;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};
