import type { Booking, BookingItem } from "../src/domain/booking.ts";
import { mergePolicies } from "../src/domain/merge-policies.ts";
import type { Policy } from "../src/domain/policy.ts";
import { priceOf, withDeposits } from "../src/domain/price.ts";
import type { Penalised } from "../src/domain/quote-cancellation.ts";

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

/** A paid booking of items that each cost so much on terms of its own, in AED with a fee of 10 AED. */
export function paidBooking(
  priced: readonly { readonly priceMinor: bigint; readonly policy: Policy }[],
  startTime: Booking["startTime"],
  taxBasisPoints = 500,
) {
  const full = priceOf({
    currencyCode: "AED",
    servicesMinor: priced.map(({ priceMinor }) => priceMinor),
    hotDiscountBasisPoints: 0,
    taxBasisPoints,
    feeMinor: 1_000n,
  });
  const deposits = priced.map(({ priceMinor, policy }) => ({ priceMinor, depositPercent: policy.depositPercent }));
  return {
    price: withDeposits(full, deposits),
    policy: mergePolicies(priced),
    items: priced.map(({ priceMinor, policy }) => pricedItem(priceMinor, policy, startTime)),
    startTime,
    paymentState: "PAID" as const,
    refund: undefined,
  } satisfies Penalised;
}
