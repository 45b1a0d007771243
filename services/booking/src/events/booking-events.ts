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
} from "@dawr/gen/dawr/booking/v1/events_pb.js";
import type { Tx } from "@dawr/store";
import type { Change } from "../domain/booking.ts";
import { bookingName } from "../names.ts";
import { bookingToProto } from "../rpc/booking-to-proto.ts";

/** Publishes what a change tells others, in the change's own transaction. */
export function bookingEvents(tx: Tx, change: Change, fromState: string): void {
  const event = eventOf(change, fromState);
  if (event !== undefined) append(tx, [event]);
}

function eventOf({ booking, event }: Change, fromState: string): NewEvent | undefined {
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
    case "BookingCancelled":
      return {
        ...about,
        schema: BookingCancelledSchema,
        message: create(BookingCancelledSchema, { ...message, previousState: stateOf(fromState) }),
      };
    case "BookingExpired":
      return {
        ...about,
        schema: BookingExpiredSchema,
        message: create(BookingExpiredSchema, { ...message, previousState: stateOf(fromState) }),
      };
  }
}

function stateOf(state: string): Booking_State {
  return isState(state) ? Booking_State[state] : Booking_State.UNSPECIFIED;
}

function isState(state: string): state is keyof typeof Booking_State & string {
  return state in Booking_State;
}
