import { toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type Booking as BookingMessage,
  type ReassignBookingRequest,
  ReassignBookingRequestSchema,
  type RescheduleBookingRequest,
  RescheduleBookingRequestSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { requireActor } from "@dawr/rpc";
import type { KeyRing } from "@dawr/store";
import { reassignBooking, rescheduleBooking } from "../domain/move-booking.ts";
import { moveCall } from "../moving/move-call.ts";
import { type MoveDeps, runMove } from "../moving/run-move.ts";
import { idOf, parseBookingName, requireBelow } from "../names.ts";
import { instantOf } from "../reservations/from-reservation.ts";
import { withDetails } from "./show-bookings.ts";

/** What moving bookings needs. */
export type RescheduleDeps = MoveDeps & { readonly keys: KeyRing };

/** Moves a booking to another start; the old one is lost only if the new one is won. (BK-05) */
export const rescheduleBookingRpc =
  (deps: RescheduleDeps) =>
  async (request: RescheduleBookingRequest, context: HandlerContext): Promise<BookingMessage> => {
    const { name, etag, overrideReason } = request;
    const actor = requireActor(context);
    const staff = staffOf(request);
    const startTime = instantOf(request.startTime);
    const answer = await runMove(
      deps,
      {
        call: moveCall(actor.account, "RESCHEDULE", toBinary(RescheduleBookingRequestSchema, request)),
        name,
        etag,
        plan: (booking, by) => rescheduleBooking(booking, { by, startTime, staff, overrideReason }, deps.now()),
      },
      context,
    );
    return await withDetails(deps, answer, actor);
  };

/** Gives a booking to other staff at the same time, or accepts that it lies outside of hours. (BK-10) */
export const reassignBookingRpc =
  (deps: RescheduleDeps) =>
  async (request: ReassignBookingRequest, context: HandlerContext): Promise<BookingMessage> => {
    const { name, etag, overrideReason } = request;
    const actor = requireActor(context);
    const staff = staffOf(request);
    const answer = await runMove(
      deps,
      {
        call: moveCall(actor.account, "REASSIGN", toBinary(ReassignBookingRequestSchema, request)),
        name,
        etag,
        plan: (booking, by) => reassignBooking(booking, { by, staff, overrideReason }),
      },
      context,
    );
    return await withDetails(deps, answer, actor);
  };

/** The staff members asked for, by id; undefined for any who can. Error: OTHER_PROVIDER. */
function staffOf({
  name,
  staffChoices,
}: Pick<RescheduleBookingRequest, "name" | "staffChoices">): readonly (string | undefined)[] {
  const provider = `providers/${parseBookingName(name).providerId}`;
  return staffChoices.map(({ staffMember }) => {
    if (staffMember === "") return undefined;
    requireBelow(provider, staffMember);
    return idOf(staffMember);
  });
}
