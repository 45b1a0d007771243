import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Reservation } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import type { ReservationRef } from "../domain/booking.ts";

/** What a booking keeps of its reservation. */
export const refOf = ({ name, fencingToken }: Reservation): ReservationRef => ({ name, fencingToken });

/** A time that availability always answers. */
export function instantOf(time: Reservation["startTime"]): Temporal.Instant {
  if (time === undefined) throw new TypeError("availability answered a reservation without its times");
  return Temporal.Instant.fromEpochMilliseconds(timestampMs(time));
}
