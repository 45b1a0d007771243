/** A higher or lower penalty from some minutes before the start on. */
export type PenaltyStep = {
  /** The minutes before the start from which on it counts; fewer than the free window. */
  readonly withinMinutes: number;
  /** In per cent of the service price. */
  readonly percent: number;
};

/** The terms of a provider, or of one of its services, for cancelling, moving and paying. (BK-05, BK-07) */
export type Policy = {
  /** Cancelling is free until this many minutes before the start. */
  readonly freeWindowMinutes: number;
  /** What cancelling costs after that, until a step has begun; in per cent of the service price. */
  readonly latePenaltyPercent: number;
  /** Of those that have begun, the one with the fewest minutes counts. */
  readonly penaltySteps: readonly PenaltyStep[];
  /** What not coming, or cancelling from the start on, costs; in per cent of the service price. */
  readonly noShowPenaltyPercent: number;
  /** What of price and tax is paid when booking online, in per cent; 0 and 100 stand for all. */
  readonly depositPercent: number;
  /** How often the customer may move a booking. */
  readonly maxReschedules: number;
  /** The customer may move the booking until this many minutes before the start. */
  readonly rescheduleWindowMinutes: number;
  readonly needsApproval: boolean;
  /** How long the provider has to agree. */
  readonly approvalMinutes: number;
  readonly acceptsCash: boolean;
  /** Whether the platform fee is paid back inside the free window; a setting, frozen with the booking. */
  readonly refundsFee: boolean;
};

/**
 * What cancelling costs once the free window is over, in per cent of the service price; `hasBegun` says whether the start is
 * no more than so many minutes away. (BK-05)
 */
export function latePercent(policy: Policy, hasBegun: (withinMinutes: number) => boolean): number {
  const begun = policy.penaltySteps.filter((step) => hasBegun(step.withinMinutes));
  const fewestMinutes = Math.min(...begun.map((step) => step.withinMinutes));
  return begun.find((step) => step.withinMinutes === fewestMinutes)?.percent ?? policy.latePenaltyPercent;
}

/** Whether two policies are the same terms. */
export function isSamePolicy(one: Policy, other: Policy): boolean {
  return (
    one.freeWindowMinutes === other.freeWindowMinutes &&
    one.latePenaltyPercent === other.latePenaltyPercent &&
    one.penaltySteps.length === other.penaltySteps.length &&
    one.penaltySteps.every(({ withinMinutes, percent }, index) => {
      const step = other.penaltySteps[index];
      return step?.withinMinutes === withinMinutes && step.percent === percent;
    }) &&
    one.noShowPenaltyPercent === other.noShowPenaltyPercent &&
    one.depositPercent === other.depositPercent &&
    one.maxReschedules === other.maxReschedules &&
    one.rescheduleWindowMinutes === other.rescheduleWindowMinutes &&
    one.needsApproval === other.needsApproval &&
    one.approvalMinutes === other.approvalMinutes &&
    one.acceptsCash === other.acceptsCash &&
    one.refundsFee === other.refundsFee
  );
}
