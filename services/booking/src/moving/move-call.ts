import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import {
  type Booking as BookingMessage,
  type BookingSchema,
  BookingService,
  ReassignBookingRequestSchema,
  RescheduleBookingRequestSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type Call, once, replayed, type Store, type Tx } from "@dawr/store";
import type { Move } from "../domain/move-booking.ts";

/** Somebody's request to move a booking: its answer is kept with the move itself, whoever brings it to its end. */
export type MoveCall = {
  readonly actor: string;
  readonly requestId: string;
  /** The request as it travelled. */
  readonly request: Uint8Array;
  /** The answer that it has already. */
  readonly replayed: (source: Pick<Tx, "query">) => Promise<BookingMessage | undefined>;
  /** Does its work once. */
  readonly once: (store: Store, work: (tx: Tx) => Promise<BookingMessage>) => Promise<BookingMessage>;
};

/** The request of somebody for a kind of move, from how it travelled. */
export function moveCall(actor: string, kind: Move["kind"], request: Uint8Array): MoveCall {
  switch (kind) {
    case "RESCHEDULE": {
      const read = fromBinary(RescheduleBookingRequestSchema, request);
      return callOf(read.requestId, request, { actor, method: BookingService.method.rescheduleBooking, request: read });
    }
    case "REASSIGN": {
      const read = fromBinary(ReassignBookingRequestSchema, request);
      return callOf(read.requestId, request, { actor, method: BookingService.method.reassignBooking, request: read });
    }
  }
}

function callOf<I extends DescMessage>(
  requestId: string,
  request: Uint8Array,
  call: Call<I, typeof BookingSchema>,
): MoveCall {
  return {
    actor: call.actor,
    requestId: requestId.toLowerCase(),
    request,
    replayed: (source) => replayed(source, call),
    once: (store, work) => once(store, call, work),
  };
}
