import type { Charge, ChargeRefund } from "../domain/charge.ts";
import type { Payment } from "../domain/payment.ts";
import type { Refund } from "../domain/refund.ts";

/**
 * A payment gateway behind one interface (PY-01). Writes carry our operation id and may be repeated: the gateway, or the
 * adapter by asking first, makes one charge or refund of them. Every call throws GatewaySilence when it is not known what
 * became of it, and writes throw GatewayRefusal when the gateway said no and did nothing.
 */
export type Gateway = {
  /** As in webhook paths and ledger accounts: "sandbox". */
  readonly name: string;
  /** Makes the charge that a customer pays on the gateway's page. */
  createCharge(payment: Payment): Promise<Charge>;
  /** Asks what became of a charge, by the gateway's id or our operation id; undefined: there is none. */
  findCharge(payment: Payment): Promise<Charge | undefined>;
  /** Keeps a charge from being paid; answers how it stands then, which may be "succeeded". Undefined: there is none. */
  cancelCharge(payment: Payment): Promise<Charge | undefined>;
  /** Gives money of a charge back. */
  createRefund(payment: Payment, refund: Refund): Promise<ChargeRefund>;
  /** Asks what became of a refund; undefined: there is none. */
  findRefund(payment: Payment, refund: Refund): Promise<ChargeRefund | undefined>;
  /** The gateway's own list of charges made in [from, before), the oldest first. (PY-06) */
  listCharges(window: { readonly from: Temporal.Instant; readonly before: Temporal.Instant }): AsyncIterable<Charge>;
  /**
   * Reads what the gateway sent by itself: the signature over the raw body first, in constant time, then its age, then the
   * body. Throws WEBHOOK_SIGNATURE_INVALID, WEBHOOK_TOO_OLD, WEBHOOK_MALFORMED.
   */
  readWebhook(webhook: Webhook, at: Temporal.Instant): GatewayEvent;
};

/** A request that came in from outside; header names in lower case. */
export type Webhook = { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> };

/** What a gateway tells of its own accord, once its signature was checked. */
export type GatewayEvent = { readonly id: string; readonly type: string } & (
  | { readonly kind: "charge"; readonly charge: Charge }
  | { readonly kind: "refund"; readonly refund: ChargeRefund }
  | { readonly kind: "other" }
);

/** The gateway said no, and did nothing. */
export class GatewayRefusal extends Error {
  override readonly name = "GatewayRefusal";
  /** Why, as the platform's own word. */
  readonly failure: string;

  constructor(failure: string) {
    super(`the gateway refused: ${failure}`);
    this.failure = failure;
  }
}

/** It is not known what became of a call: no answer, half an answer, or one that makes no sense. */
export class GatewaySilence extends Error {
  override readonly name = "GatewaySilence";
}
