import type { HandlerContext } from "@connectrpc/connect";
import { type Booking, BookingService, type ReleaseHoldRequest } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PlatformError, requireActor } from "@dawr/rpc";
import { once, type Store } from "@dawr/store";
import { releaseHold } from "../domain/end-hold.ts";
import { parseBookingName } from "../names.ts";
import { updateBooking } from "../store/bookings.ts";
import { bookingToProto } from "./booking-to-proto.ts";

/** Gives a hold up; its time is free a moment later. */
export const releaseHoldRpc =
  ({ store, now }: { readonly store: Store; readonly now: () => Temporal.Instant }) =>
  async (request: ReleaseHoldRequest, context: HandlerContext): Promise<Booking> => {
    const actor = requireActor(context).account;
    return await once(store, { actor, method: BookingService.method.releaseHold, request }, async (tx) => {
      const released = await updateBooking(tx, parseBookingName(request.name), actor, (booking) =>
        releaseHold(booking, now()),
      );
      if (released === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
      return bookingToProto(released);
    });
  };
