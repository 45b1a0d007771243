import { timestampMs } from "@bufbuild/protobuf/wkt";
import { UnprocessableEvent } from "@dawr/events";
import { type Booking, Booking_CancelledBy, type BookingItem } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { Money } from "@dawr/gen/dawr/type/v1/money_pb.js";
import type { Arguments } from "../domain/template.ts";

/** What messages say about a booking, from the booking itself; names are asked for when the message is rendered. */
export function bookingArguments(booking: Booking): Arguments {
  const { name, startTime, timeZone, partySize, price } = booking;
  return {
    booking: name,
    startTime: instantText(name, startTime),
    timeZone,
    ...servicesOf(booking),
    ...(partySize > 1 ? { partySize: String(partySize) } : {}),
    ...(price?.total === undefined || price.total.amountMinor === 0n
      ? {}
      : { totalMinor: String(price.total.amountMinor), currency: price.total.currencyCode }),
  };
}

/** What messages say about a booking that moved: when it was before. */
export function moveArguments(booking: Booking, previous: readonly BookingItem[]): Arguments {
  return { ...bookingArguments(booking), previousStartTime: instantText(booking.name, previous[0]?.startTime) };
}

/** What messages say about how a booking was cancelled. */
export function cancellationArguments({ cancellation }: Booking): Arguments {
  if (cancellation === undefined) return {};
  return {
    by: Booking_CancelledBy[cancellation.cancelledBy] ?? "UNSPECIFIED",
    ...(cancellation.reason === "" ? {} : { reason: cancellation.reason }),
    ...amount("penalty", cancellation.penalty),
    ...amount("refund", cancellation.refund),
  };
}

/** An amount of money, left out when it is none: refundMinor, currency. */
export function amount(key: "penalty" | "refund" | "atVenue", money: Money | undefined): Arguments {
  if (money === undefined || money.amountMinor <= 0n || money.currencyCode === "") return {};
  return { [`${key}Minor`]: String(money.amountMinor), currency: money.currencyCode };
}

function instantText(name: string, time: Booking["startTime"]): string {
  if (time === undefined) throw new UnprocessableEvent(`${name} has no time`);
  return Temporal.Instant.fromEpochMilliseconds(timestampMs(time)).toString();
}

function servicesOf({ items }: Booking): Arguments {
  const tags = new Set(items.flatMap(({ serviceDisplayName }) => Object.keys(serviceDisplayName?.texts ?? {})));
  return Object.fromEntries(
    [...tags].map((tag) => [
      `services_${tag.slice(0, 2).toLowerCase()}`,
      items
        .map(({ serviceDisplayName: name }) => name?.texts[tag] ?? Object.values(name?.texts ?? {})[0] ?? "")
        .filter((text) => text !== "")
        .join(tag.startsWith("ar") ? "، " : ", "),
    ]),
  );
}
