import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Consumer, defineConsumer, type Event, on, UnprocessableEvent } from "@dawr/events";
import {
  type Booking,
  Booking_CancelledBy,
  Booking_ExpireReason,
  Booking_State,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import {
  BookingCancelledSchema,
  BookingConfirmedSchema,
  BookingExpiredSchema,
  BookingRescheduledSchema,
} from "@dawr/gen/dawr/booking/v1/events_pb.js";
import { type Expiry, expiryTold } from "../domain/expiry.ts";
import type { Arguments, TemplateName } from "../domain/template.ts";
import { idOf, providerOf } from "../names.ts";
import { ownersOf } from "../store/members.ts";
import { postWishes, type Wish, type WishDeps } from "../store/wishes.ts";
import { amount, bookingArguments, cancellationArguments, moveArguments } from "./booking-arguments.ts";

/** Tells customers, and the owners of providers, what became of bookings. (MS-03) */
export function bookingConsumer(deps: WishDeps): Consumer {
  return defineConsumer({
    name: "messaging.bookings",
    from: "booking",
    handlers: [
      on(BookingConfirmedSchema, async (tx, { booking }, event) => {
        const told = required(booking);
        // What a deposit left, or all of it. (BK-07)
        const given = { ...bookingArguments(told), ...amount("atVenue", told.price?.dueAtVenue) };
        // Who has been there needs no confirmation any more.
        const expireTime = instantOf(told.endTime);
        const owners = await ownersOf(tx, idOf(providerOf(told.name)));
        postWishes(tx, deps, [
          ...forCustomer(event, told, { template: "booking-confirmed", given, expireTime }),
          ...forOwners(event, told, owners, { template: "provider-booking-confirmed", given, expireTime }),
        ]);
      }),
      on(BookingRescheduledSchema, async (tx, { booking, previousItems, actor }, event) => {
        const told = required(booking);
        const given = moveArguments(told, previousItems);
        const expireTime = instantOf(told.endTime);
        const owners = await ownersOf(tx, idOf(providerOf(told.name)));
        // Who did it knows; customers have it in writing.
        const others = owners.filter((owner) => owner !== idOf(actor));
        postWishes(tx, deps, [
          ...forCustomer(event, told, { template: "booking-rescheduled", given, expireTime }),
          ...forOwners(event, told, others, {
            template: "provider-booking-rescheduled",
            given: withoutMoney(given),
            expireTime,
          }),
        ]);
      }),
      on(BookingCancelledSchema, async (tx, { booking, previousState }, event) => {
        const told = required(booking);
        // A hold that was given up is no news.
        if (previousState === Booking_State.HELD) return;
        const given = { ...bookingArguments(told), ...cancellationArguments(told) };
        const isOwn = told.cancellation?.cancelledBy === Booking_CancelledBy.PROVIDER;
        const isNews = previousState === Booking_State.CONFIRMED && !isOwn;
        const owners = isNews ? await ownersOf(tx, idOf(providerOf(told.name))) : [];
        postWishes(tx, deps, [
          ...forCustomer(event, told, { template: "booking-cancelled", given }),
          ...forOwners(event, told, owners, { template: "provider-booking-cancelled", given: withoutMoney(given) }),
        ]);
      }),
      on(BookingExpiredSchema, async (tx, { booking, previousState }, event) => {
        const expired = required(booking);
        const told = expiryTold(expiryOf(expired, previousState));
        if (told === undefined) return;
        const refund = told === "paidTooLate" ? amount("refund", expired.price?.dueNow) : {};
        const given = { ...bookingArguments(expired), ...refund, told };
        postWishes(tx, deps, forCustomer(event, expired, { template: "booking-expired", given }));
      }),
    ],
  });
}

type Telling = {
  readonly template: TemplateName;
  readonly given: Arguments;
  readonly expireTime?: Temporal.Instant | undefined;
};

function forCustomer(event: Event, booking: Booking, telling: Telling): readonly Wish[] {
  // A booking that the provider made by hand has no account.
  return booking.account === "" ? [] : [wishOf(event, booking, idOf(booking.account), telling)];
}

function forOwners(event: Event, booking: Booking, owners: readonly string[], telling: Telling): readonly Wish[] {
  const given = booking.account === "" ? telling.given : { ...telling.given, customerAccount: booking.account };
  return owners
    .filter((owner) => owner !== idOf(booking.account))
    .map((owner) => wishOf(event, booking, owner, { ...telling, given }));
}

function wishOf(event: Event, booking: Booking, accountId: string, { template, given, expireTime }: Telling): Wish {
  return {
    sourceId: event.id,
    recipient: { kind: "account", accountId },
    template,
    locale: "",
    arguments: given,
    subject: booking.name,
    expireTime,
    channels: ["EMAIL", "INBOX"],
  };
}

function expiryOf(booking: Booking, previousState: Booking_State): Expiry {
  const { expireReason, payment } = booking;
  return {
    wasPendingPayment: previousState === Booking_State.PENDING_PAYMENT,
    reason: reasons[expireReason],
    wasPaid: payment?.payTime !== undefined,
  };
}

const reasons: Readonly<Record<Booking_ExpireReason, Expiry["reason"]>> = {
  [Booking_ExpireReason.UNSPECIFIED]: "UNSPECIFIED",
  [Booking_ExpireReason.HOLD_LAPSED]: "HOLD_LAPSED",
  [Booking_ExpireReason.PAYMENT_TIMED_OUT]: "PAYMENT_TIMED_OUT",
  [Booking_ExpireReason.PAYMENT_FAILED]: "PAYMENT_FAILED",
  [Booking_ExpireReason.PAID_TOO_LATE]: "PAID_TOO_LATE",
};

// What a customer pays back and forth with the platform is not the provider's to read.
function withoutMoney(given: Arguments): Arguments {
  const { totalMinor: _total, penaltyMinor: _penalty, refundMinor: _refund, currency: _currency, ...rest } = given;
  return rest;
}

function required(booking: Booking | undefined): Booking {
  if (booking === undefined) throw new UnprocessableEvent("the event has no booking");
  return booking;
}

function instantOf(timestamp: Booking["endTime"]): Temporal.Instant | undefined {
  return timestamp === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(timestampMs(timestamp));
}
