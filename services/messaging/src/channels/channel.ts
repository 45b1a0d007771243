import type { Outcome } from "../domain/back-off.ts";

/** A message on its way to one person. */
type OutgoingMessage = {
  /** The same at every attempt, so that who gets it twice can tell. */
  readonly deliveryId: string;
  readonly address: string;
  readonly locale: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
};

/** What an attempt came to, and why, without personal data; empty when it was delivered. */
export type Attempt = { readonly outcome: Outcome; readonly failure: string };

/** A way out of the platform. Another way (SMS, push) is another of these. */
export type Channel = {
  /** Hands a message over; never throws. "delivered" means that the other side has taken it for good. */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<Attempt>;
  /** Throws when the other side is not there. */
  check(): Promise<void>;
  close(): void;
};
