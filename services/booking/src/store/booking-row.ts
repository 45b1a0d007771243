import type {
  Booking,
  BookingItem,
  Cancellation,
  CancelledBy,
  ExpireReason,
  PaymentMethod,
  PaymentState,
  Refund,
  State,
} from "../domain/booking.ts";
import type { Place } from "../domain/place.ts";
import type { Policy } from "../domain/policy.ts";
import type { Price } from "../domain/price.ts";

/** A row of the table booking, as the store answers it. */
export type BookingRow = {
  readonly provider_id: string;
  readonly id: string;
  readonly customer_id: string;
  readonly version: bigint;
  readonly state: State;
  readonly payment_state: PaymentState;
  readonly start_time: Temporal.Instant;
  readonly end_time: Temporal.Instant;
  readonly time_zone: string;
  readonly party_size: number;
  readonly dependent_id: string | null;
  readonly place: Place | null;
  readonly customer_note: Uint8Array | null;
  readonly address: Uint8Array | null;
  readonly dependent_details: Uint8Array | null;
  readonly provider_note: Uint8Array | null;
  readonly joining_url: Uint8Array | null;
  readonly items: readonly ItemJson[];
  readonly reservation_name: string;
  readonly fencing_token: bigint;
  readonly hold_expire_time: Temporal.Instant;
  readonly price: PriceJson | null;
  readonly policy: Policy | null;
  readonly payment_method: PaymentMethod | null;
  readonly payment_name: string | null;
  readonly pay_url: string | null;
  readonly pay_time: Temporal.Instant | null;
  readonly refund: RefundJson | null;
  readonly expire_reason: ExpireReason | null;
  readonly cancellation: CancellationJson | null;
  readonly confirm_time: Temporal.Instant | null;
  readonly reschedule_count: number;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

type ItemJson = Omit<BookingItem, "startTime" | "endTime" | "priceMinor" | "feeMinor" | "policy"> & {
  readonly startTime: string;
  readonly endTime: string;
  readonly priceMinor: string;
  readonly feeMinor: string;
  readonly policy?: Policy;
};
type PriceJson = { readonly [K in keyof Price]: string };
type RefundJson = { readonly [K in keyof Refund]: string };
type CancellationJson = {
  readonly by: CancelledBy;
  readonly time: string;
  readonly reason: string;
  readonly penaltyMinor: string;
  readonly refundMinor: string;
};

/** The booking that a row tells of. */
export function bookingOfRow(row: BookingRow): Booking {
  return {
    id: row.id,
    providerId: row.provider_id,
    customerId: row.customer_id,
    version: row.version,
    state: row.state,
    paymentState: row.payment_state,
    startTime: row.start_time,
    endTime: row.end_time,
    timeZone: row.time_zone,
    dependentId: row.dependent_id ?? undefined,
    place: row.place ?? undefined,
    sealed: {
      customerNote: row.customer_note ?? undefined,
      address: row.address ?? undefined,
      dependentDetails: row.dependent_details ?? undefined,
      providerNote: row.provider_note ?? undefined,
      joiningUrl: row.joining_url ?? undefined,
    },
    partySize: row.party_size,
    items: row.items.map(itemOfJson),
    reservation: { name: row.reservation_name, fencingToken: row.fencing_token },
    holdExpireTime: row.hold_expire_time,
    price: row.price === null ? undefined : priceOfJson(row.price),
    policy: row.policy ?? undefined,
    paymentMethod: row.payment_method ?? undefined,
    payment: row.payment_name === null ? undefined : { name: row.payment_name, payUrl: row.pay_url ?? "" },
    payTime: row.pay_time ?? undefined,
    refund: row.refund === null ? undefined : refundOfJson(row.refund),
    expireReason: row.expire_reason ?? undefined,
    cancellation: row.cancellation === null ? undefined : cancellationOfJson(row.cancellation),
    confirmTime: row.confirm_time ?? undefined,
    rescheduleCount: row.reschedule_count,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

/** The values of a booking's columns, in the order of `bookingColumns`. */
export function columnsOf(booking: Booking): readonly unknown[] {
  return [
    booking.providerId,
    booking.id,
    booking.customerId,
    booking.version,
    booking.state,
    booking.paymentState,
    booking.startTime,
    booking.endTime,
    booking.timeZone,
    booking.partySize,
    booking.dependentId ?? null,
    booking.place ?? null,
    booking.sealed.customerNote ?? null,
    booking.sealed.address ?? null,
    booking.sealed.dependentDetails ?? null,
    booking.sealed.providerNote ?? null,
    booking.sealed.joiningUrl ?? null,
    toJson(booking.items),
    booking.reservation.name,
    booking.reservation.fencingToken,
    booking.holdExpireTime,
    toJson(booking.price),
    toJson(booking.policy),
    booking.paymentMethod ?? null,
    booking.payment?.name ?? null,
    booking.payment?.payUrl ?? null,
    booking.payTime ?? null,
    toJson(booking.refund),
    booking.expireReason ?? null,
    toJson(booking.cancellation),
    booking.confirmTime ?? null,
    booking.rescheduleCount,
    booking.createTime,
    booking.updateTime,
  ];
}

/** The columns of the table booking that a Booking fills, keys first. */
export const bookingColumns = [
  "provider_id",
  "id",
  "customer_id",
  "version",
  "state",
  "payment_state",
  "start_time",
  "end_time",
  "time_zone",
  "party_size",
  "dependent_id",
  "place",
  "customer_note",
  "address",
  "dependent_details",
  "provider_note",
  "joining_url",
  "items",
  "reservation_name",
  "fencing_token",
  "hold_expire_time",
  "price",
  "policy",
  "payment_method",
  "payment_name",
  "pay_url",
  "pay_time",
  "refund",
  "expire_reason",
  "cancellation",
  "confirm_time",
  "reschedule_count",
  "create_time",
  "update_time",
] as const;

// JSON has no whole numbers beyond 2^53 and no instants: both travel as text.
function toJson(value: unknown): string | null {
  if (value === undefined) return null;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : part));
}

function itemOfJson(item: ItemJson): BookingItem {
  return {
    ...item,
    startTime: Temporal.Instant.from(item.startTime),
    endTime: Temporal.Instant.from(item.endTime),
    priceMinor: BigInt(item.priceMinor),
    feeMinor: BigInt(item.feeMinor),
    policy: item.policy,
  };
}

function priceOfJson(price: PriceJson): Price {
  return {
    currencyCode: price.currencyCode,
    serviceMinor: BigInt(price.serviceMinor),
    discountMinor: BigInt(price.discountMinor),
    taxMinor: BigInt(price.taxMinor),
    feeMinor: BigInt(price.feeMinor),
    totalMinor: BigInt(price.totalMinor),
    dueNowMinor: BigInt(price.dueNowMinor),
    dueNowServiceMinor: BigInt(price.dueNowServiceMinor),
    dueNowTaxMinor: BigInt(price.dueNowTaxMinor),
    dueNowFeeMinor: BigInt(price.dueNowFeeMinor),
    dueAtVenueMinor: BigInt(price.dueAtVenueMinor),
  };
}

function refundOfJson({ currencyCode, dueMinor, doneMinor }: RefundJson): Refund {
  return { currencyCode, dueMinor: BigInt(dueMinor), doneMinor: BigInt(doneMinor) };
}

function cancellationOfJson(cancellation: CancellationJson): Cancellation {
  return {
    by: cancellation.by,
    time: Temporal.Instant.from(cancellation.time),
    reason: cancellation.reason,
    penaltyMinor: BigInt(cancellation.penaltyMinor),
    refundMinor: BigInt(cancellation.refundMinor),
  };
}
