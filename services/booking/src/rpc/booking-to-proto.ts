import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Booking_CancelledBy,
  Booking_ExpireReason,
  Booking_State,
  type BookingItemSchema,
  type Booking as BookingMessage,
  BookingSchema,
  Booking_PaymentInfo_State as moneyStates,
  PaymentMethod,
  Place,
  type PriceBreakdownSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { Booking, Refund } from "../domain/booking.ts";
import type { Price } from "../domain/price.ts";
import { freeUntil } from "../domain/quote-cancellation.ts";
import { bookingName, dependentName } from "../names.ts";
import { policyToProto } from "./policy-to-proto.ts";

/** ISO 4217's code where no currency is involved: what is only held has no price yet. */
export const noCurrency = "XXX";

/**
 * A booking as the contract has it, without what is said about it (showBookings adds that). The page to pay on is for its
 * customer alone, so that events never have it.
 */
export function bookingToProto(booking: Booking, viewer?: string): BookingMessage {
  const money = moneyOf(booking);
  const { providerId, price, policy, payment, cancellation } = booking;
  return create(BookingSchema, {
    name: bookingName(booking),
    account: `accounts/${booking.customerId}`,
    state: Booking_State[booking.state],
    items: itemsToProto(booking),
    startTime: timestamp(booking.startTime),
    endTime: timestamp(booking.endTime),
    timeZone: booking.timeZone,
    partySize: booking.partySize,
    dependent: booking.dependentId === undefined ? "" : dependentName(booking.customerId, booking.dependentId),
    place: booking.place === undefined ? Place.UNSPECIFIED : Place[booking.place],
    paymentMethod:
      booking.paymentMethod === undefined ? PaymentMethod.UNSPECIFIED : PaymentMethod[booking.paymentMethod],
    expireReason:
      booking.expireReason === undefined
        ? Booking_ExpireReason.UNSPECIFIED
        : Booking_ExpireReason[booking.expireReason],
    createTime: timestamp(booking.createTime),
    updateTime: timestamp(booking.updateTime),
    etag: booking.version.toString(),
    ...(price === undefined ? {} : { price: priceToProto(price) }),
    ...(policy === undefined
      ? {}
      : {
          policy: policyToProto(policy, { providerId, serviceId: undefined }),
          freeCancelUntilTime: timestamp(freeUntil(policy, booking.startTime)),
        }),
    ...(payment === undefined ? {} : { payment: paymentToProto(booking, payment, viewer) }),
    ...(cancellation === undefined
      ? {}
      : {
          cancellation: {
            cancelledBy: Booking_CancelledBy[cancellation.by],
            penalty: money(cancellation.penaltyMinor),
            refund: money(cancellation.refundMinor),
            reason: cancellation.reason,
            cancelTime: timestamp(cancellation.time),
          },
        }),
    ...(booking.state === "HELD" || booking.state === "PENDING_PAYMENT"
      ? { holdExpireTime: timestamp(booking.holdExpireTime) }
      : {}),
    ...(booking.confirmTime === undefined ? {} : { confirmTime: timestamp(booking.confirmTime) }),
    rescheduleCount: booking.rescheduleCount,
  });
}

/** What is booked, as the contract has it. */
export function itemsToProto(booking: Booking): MessageInitShape<typeof BookingItemSchema>[] {
  const provider = `providers/${booking.providerId}`;
  const { providerId, price } = booking;
  const money = moneyOf(booking);
  return booking.items.map((item) => ({
    service: `${provider}/services/${item.serviceId}`,
    staffMember: `${provider}/staff/${item.staffId}`,
    startTime: timestamp(item.startTime),
    endTime: timestamp(item.endTime),
    addOns: [...item.addOnNames],
    ...(price === undefined
      ? {}
      : {
          serviceDisplayName: { texts: { ...item.serviceName } },
          price: money(item.priceMinor),
          platformFee: money(item.feeMinor),
          ...(item.policy === undefined
            ? {}
            : { policy: policyToProto(item.policy, { providerId, serviceId: item.serviceId }) }),
        }),
  }));
}

function moneyOf({ price }: Booking) {
  return (amountMinor: bigint) => ({ currencyCode: price?.currencyCode ?? noCurrency, amountMinor });
}

/** What a price is made of, as the contract has it. */
export function priceToProto(price: Price): MessageInitShape<typeof PriceBreakdownSchema> {
  const money = (amountMinor: bigint) => ({ currencyCode: price.currencyCode, amountMinor });
  return {
    servicePrice: money(price.serviceMinor),
    discount: money(price.discountMinor),
    tax: money(price.taxMinor),
    platformFee: money(price.feeMinor),
    total: money(price.totalMinor),
    dueNow: money(price.dueNowMinor),
    dueAtVenue: money(price.dueAtVenueMinor),
  };
}

/** An instant as the contract has it; instants of bookings have whole milliseconds. */
export function timestamp(instant: Temporal.Instant) {
  return timestampFromMs(instant.epochMilliseconds);
}

function paymentToProto(booking: Booking, payment: NonNullable<Booking["payment"]>, viewer: string | undefined) {
  const isWaiting =
    viewer === `accounts/${booking.customerId}` &&
    booking.state === "PENDING_PAYMENT" &&
    (booking.paymentState === "PENDING" || booking.paymentState === "FAILED");
  const { refund } = booking;
  return {
    payment: payment.name,
    // Once it is paid or over, the page has nothing to offer.
    payUrl: isWaiting ? payment.payUrl : "",
    ...(booking.payTime === undefined ? {} : { payTime: timestamp(booking.payTime) }),
    state: booking.paymentState === "NONE" ? moneyStates.UNSPECIFIED : moneyStates[booking.paymentState],
    ...(refund === undefined ? {} : refundToProto(refund)),
  };
}

function refundToProto({ currencyCode, dueMinor, doneMinor }: Refund) {
  return {
    ...(dueMinor === 0n ? {} : { refundDue: { currencyCode, amountMinor: dueMinor } }),
    ...(doneMinor === 0n ? {} : { refunded: { currencyCode, amountMinor: doneMinor } }),
  };
}
