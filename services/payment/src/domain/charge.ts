import type { Money } from "./money.ts";

/** What a gateway says about a charge, in our words; every adapter maps its dialect to this. */
export type Charge = {
  readonly gatewayId: string;
  /** The operation id that we sent when it was made, where the gateway gives it back. */
  readonly operationId: string | undefined;
  readonly status: "pending" | "succeeded" | "failed" | "cancelled";
  readonly amount: Money;
  /** What of it the gateway has given back, in minor units. */
  readonly refundedMinor: bigint;
  readonly payUrl: string | undefined;
  /** Why it failed, as the platform's own word: insufficient_funds, … */
  readonly failure: string | undefined;
};

/** What a gateway says about a refund, in our words. */
export type ChargeRefund = {
  readonly gatewayId: string;
  readonly operationId: string | undefined;
  readonly status: "pending" | "succeeded" | "failed";
  readonly amount: Money;
  readonly failure: string | undefined;
};
