import type { Client } from "@connectrpc/connect";
import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { type Provider, Provider_State, type ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import {
  PriceType,
  type Service,
  Service_State,
  type ServiceMenuService,
} from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { StaffMember, StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import type { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import type { PaymentMethod } from "../domain/booking.ts";
import { BookingError } from "../domain/errors.ts";
import { placeOf } from "../domain/place.ts";
import type { Policy } from "../domain/policy.ts";
import type { Terms } from "../domain/quote.ts";
import { idOf, requireBelow } from "../names.ts";

/** Whom a quote asks. */
export type QuoteSources = {
  readonly providers: Client<typeof ProviderService>;
  readonly menu: Client<typeof ServiceMenuService>;
  readonly staff: Client<typeof StaffService>;
  readonly schedules: Client<typeof ScheduleService>;
  readonly payments: Client<typeof PaymentService>;
  /** The policy in force for each of some services of a provider. */
  readonly policiesOf: (providerId: string, serviceIds: readonly string[]) => Promise<(serviceId: string) => Policy>;
  /** Hundredths of a per cent by region code. */
  readonly taxBasisPoints: ReadonlyMap<string, number>;
};

/** What is to be quoted. */
export type Wish = {
  readonly provider: string;
  readonly items: readonly SlotItem[];
  readonly startTime: Temporal.Instant;
  readonly partySize: number;
  /** Undefined takes what the provider offers first: online. */
  readonly paymentMethod: PaymentMethod | undefined;
};

/** Asks catalog, availability and payment, at once, for all that a price depends on; refuses what cannot be booked. */
export async function gatherTerms(sources: QuoteSources, wish: Wish): Promise<Terms> {
  const { provider: name, items } = wish;
  for (const { service, staffChoice, addOns } of items) {
    requireBelow(name, service);
    if (staffChoice.case === "staffMember") requireBelow(name, staffChoice.value);
    for (const addOn of addOns)
      if (!addOn.startsWith(`${service}/`)) throw new BookingError("ADD_ON_UNKNOWN", { add_on: addOn });
  }
  const chosenStaff = [
    ...new Set(items.flatMap(({ staffChoice }) => (staffChoice.case === "staffMember" ? [staffChoice.value] : []))),
  ];
  const [provider, { services }, staff, rules, policyOf] = await Promise.all([
    sources.providers.getProvider({ name }),
    sources.menu.batchGetServices({ names: [...new Set(items.map((item) => item.service))] }),
    chosenStaff.length === 0
      ? []
      : sources.staff.batchGetStaffMembers({ names: chosenStaff }).then((answer) => answer.staffMembers),
    sources.schedules.getBookingRules({ name: `${name}/bookingRules` }),
    sources.policiesOf(
      idOf(name),
      items.map(({ service }) => idOf(service)),
    ),
  ]);
  if (provider.state !== Provider_State.PUBLISHED) throw new BookingError("PROVIDER_NOT_BOOKABLE", { provider: name });

  const priced = items.map((item) => ({
    ...priceItem(item, wish.partySize, services, staff),
    policy: policyOf(idOf(item.service)),
  }));
  const fees = await feesOf(
    sources,
    provider,
    priced.map((item) => item.priceMinor),
  );
  return {
    providerId: idOf(name),
    startTime: wish.startTime,
    partySize: wish.partySize,
    items: priced.map((item, index) => ({ ...item, feeMinor: fees.each[index] ?? 0n })),
    paymentMethod: wish.paymentMethod ?? "ONLINE",
    place: placeOf(items.map(({ service }) => servicePlace(service, services))),
    minAgeYears: Math.max(0, ...services.map((service) => service.minAgeYears)),
    currencyCode: provider.currencyCode,
    feeMinor: fees.totalMinor,
    taxBasisPoints: sources.taxBasisPoints.get(provider.address?.regionCode ?? "") ?? 0,
    hotWindowMinutes: rules.hotWindowMinutes,
    hotDiscountPercent: rules.hotDiscountPercent,
  };
}

function priceItem(
  { service: name, staffChoice, addOns }: SlotItem,
  partySize: number,
  services: readonly Service[],
  staff: readonly StaffMember[],
) {
  const service = services.find((candidate) => candidate.name === name);
  if (service?.state !== Service_State.ACTIVE) throw new BookingError("SERVICE_NOT_BOOKABLE", { service: name });
  const staffName = staffChoice.case === "staffMember" ? staffChoice.value : undefined;
  const skill = staff
    .find((member) => member.name === staffName)
    ?.skills.find((candidate) => candidate.service === name);
  if (staffName !== undefined && skill === undefined)
    throw new BookingError("STAFF_NOT_ABLE", { staff_member: staffName });
  const extras = addOns.map((addOnName) => {
    const addOn = service.addOns.find((candidate) => candidate.name === addOnName);
    if (addOn === undefined) throw new BookingError("ADD_ON_UNKNOWN", { add_on: addOnName });
    return addOn;
  });
  const rateMinor = skill?.price?.amountMinor ?? service.price?.amountMinor ?? 0n;
  const minutes = BigInt(
    (skill?.durationMinutes ?? service.durationMinutes) + extras.reduce((sum, addOn) => sum + addOn.durationMinutes, 0),
  );
  const baseMinor = service.priceType === PriceType.PER_HOUR ? (rateMinor * minutes + 30n) / 60n : rateMinor;
  const seatMinor = extras.reduce((sum, addOn) => sum + (addOn.price?.amountMinor ?? 0n), baseMinor);
  // Each seat of a group costs the price; a party that one service serves together pays it once. (BK-07, S9)
  const seats = service.groupCapacity > 1 ? BigInt(partySize) : 1n;
  return {
    serviceId: idOf(name),
    staffId: staffName === undefined ? undefined : idOf(staffName),
    addOnNames: [...addOns],
    serviceName: { ...service.displayName?.texts },
    priceMinor: seatMinor * seats,
  };
}

function servicePlace(name: string, services: readonly Service[]) {
  const { atCustomer = false, online = false } = services.find((candidate) => candidate.name === name) ?? {};
  return { service: name, atCustomer, online };
}

async function feesOf(sources: QuoteSources, provider: Provider, pricesMinor: readonly bigint[]) {
  const { currencyCode } = provider;
  // What costs nothing carries no fee: a free consultation stays free.
  if (pricesMinor.every((minor) => minor === 0n)) return { each: [], totalMinor: 0n };
  const answer = await sources.payments.quoteFees({
    provider: provider.name,
    servicePrices: pricesMinor.map((amountMinor) => ({ currencyCode, amountMinor })),
  });
  return { each: answer.fees.map((fee) => fee.amountMinor), totalMinor: answer.totalFee?.amountMinor ?? 0n };
}
