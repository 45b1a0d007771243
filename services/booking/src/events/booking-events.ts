import { create } from "@bufbuild/protobuf";
import { append, type NewEvent } from "@dawr/events";
import { Booking_State } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import {
  BookingCancelledSchema,
  BookingConfirmedSchema,
  BookingCreatedSchema,
  BookingExpiredSchema,
  BookingHeldSchema,
  BookingReleasedSchema,
  BookingRescheduledSchema,
} from "@dawr/gen/dawr/booking/v1/events_pb.js";
import type { Tx } from "@dawr/store";
import type { Booking, Change } from "../domain/booking.ts";
import { bookingName } from "../names.ts";
import { bookingToProto, itemsToProto } from "../rpc/booking-to-proto.ts";

/** Publishes what a change tells others, in the change's own transaction; `before` is the booking that was changed. */
export function bookingEvents(tx: Tx, change: Change, by: string, before: Booking | undefined): void {
  const event = eventOf(change, by, before);
  if (event !== undefined) append(tx, [event]);
}

function eventOf({ booking, event }: Change, by: string, before: Booking | undefined): NewEvent | undefined {
  const previousState = before === undefined ? Booking_State.UNSPECIFIED : Booking_State[before.state];
  const about = { subject: bookingName(booking), key: booking.id, sequence: booking.version };
  const message = { booking: bookingToProto(booking) };
  switch (event) {
    case undefined:
      return undefined;
    case "BookingHeld":
      return { ...about, schema: BookingHeldSchema, message: create(BookingHeldSchema, message) };
    case "BookingReleased":
      return { ...about, schema: BookingReleasedSchema, message: create(BookingReleasedSchema, message) };
    case "BookingCreated":
      return { ...about, schema: BookingCreatedSchema, message: create(BookingCreatedSchema, message) };
    case "BookingConfirmed":
      return { ...about, schema: BookingConfirmedSchema, message: create(BookingConfirmedSchema, message) };
    case "BookingRescheduled":
      return {
        ...about,
        schema: BookingRescheduledSchema,
        message: create(BookingRescheduledSchema, {
          ...message,
          previousItems: before === undefined ? [] : itemsToProto(before),
          actor: by,
        }),
      };
    case "BookingCancelled":
      return {
        ...about,
        schema: BookingCancelledSchema,
        message: create(BookingCancelledSchema, { ...message, previousState }),
      };
    case "BookingExpired":
      return {
        ...about,
        schema: BookingExpiredSchema,
        message: create(BookingExpiredSchema, { ...message, previousState }),
      };
  }
}
