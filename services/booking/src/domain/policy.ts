/** A provider's terms for cancelling and paying (BK-05). */
export type Policy = {
  /** Cancelling is free until this many minutes before the start. */
  readonly freeWindowMinutes: number;
  /** What cancelling costs after that, in per cent of the service price. */
  readonly latePenaltyPercent: number;
  /** What not coming, or cancelling from the start on, costs; in per cent of the service price. */
  readonly noShowPenaltyPercent: number;
  readonly acceptsCash: boolean;
  /** Whether the platform fee is paid back inside the free window; a setting, frozen with the booking. */
  readonly refundsFee: boolean;
};
