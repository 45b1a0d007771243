import { create } from "@bufbuild/protobuf";
import { append } from "@dawr/events";
import { ReservationLapsedSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import type { Tx } from "@dawr/store";
import { reservationName } from "../rpc/names.ts";
import { reservationToProto } from "../rpc/reservation-proto.ts";
import { loadReservations } from "../store/reservation-rows.ts";

/** Publishes that holds ran out of time, in the transaction that ended them. */
export async function publishLapsed(tx: Tx, providerId: string, reservationIds: readonly string[]): Promise<void> {
  if (reservationIds.length === 0) return;
  const rows = await loadReservations(tx, providerId, reservationIds);
  append(
    tx,
    rows.map((row) => ({
      schema: ReservationLapsedSchema,
      message: create(ReservationLapsedSchema, { reservation: reservationToProto(row, false) }),
      subject: reservationName(providerId, row.reservation_id),
      key: row.reservation_id,
      sequence: row.version,
    })),
  );
}
