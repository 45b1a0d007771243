import type { Booking, BookingItem } from "../src/domain/booking.ts";
import type { Policy } from "../src/domain/policy.ts";

/** Terms as the platform's settings have them, for tests to change. */
export const usualPolicy: Policy = {
  freeWindowMinutes: 24 * 60,
  latePenaltyPercent: 50,
  penaltySteps: [],
  noShowPenaltyPercent: 100,
  depositPercent: 0,
  maxReschedules: 3,
  rescheduleWindowMinutes: 24 * 60,
  needsApproval: false,
  approvalMinutes: 24 * 60,
  acceptsCash: true,
  refundsFee: true,
};

/** An item of a booking at a price, on some terms. */
export function pricedItem(
  priceMinor: bigint,
  policy: Policy,
  startTime: Booking["startTime"],
  feeMinor = 0n,
): BookingItem {
  return {
    serviceId: "s",
    staffId: "t",
    isStaffChosen: true,
    startTime,
    endTime: startTime.add({ hours: 1 }),
    serviceName: { en: "Haircut" },
    addOnNames: [],
    priceMinor,
    feeMinor,
    policy,
  };
}
