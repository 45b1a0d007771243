import type { ServiceImpl } from "@connectrpc/connect";
import { type Reservation, ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { PlatformError } from "@dawr/rpc";
import { once, type Tx } from "@dawr/store";
import { loadReservation } from "../store/reservation-rows.ts";
import { confirmReservation, releaseReservation } from "../store/reservations.ts";
import type { Deps } from "./deps.ts";
import { lastIdOf, providerIdOf, reservationName } from "./names.ts";
import { reservationToProto } from "./reservation-proto.ts";
import { workloadOf } from "./reserve.ts";

/** Makes a hold firm. Errors: RESERVATION_LAPSED, RESERVATION_RELEASED, FENCING_TOKEN_STALE, NOT_FOUND. */
export const confirmReservationRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["confirmReservation"] =>
  async (request, context) => {
    const call = { actor: workloadOf(context), method: ReservationService.method.confirmReservation, request };
    return once(deps.store, call, async (tx) => {
      const [providerId, id] = [providerIdOf(request.name), lastIdOf(request.name)];
      const [, confirmed] = await Promise.all([
        confirmReservation(tx, providerId, id, request.fencingToken),
        readBack(tx, providerId, id),
      ]);
      return confirmed;
    });
  };

/** Gives time up; one that lapsed or was released is no error. Errors: FENCING_TOKEN_STALE, NOT_FOUND. */
export const releaseReservationRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["releaseReservation"] =>
  async (request, context) => {
    const call = { actor: workloadOf(context), method: ReservationService.method.releaseReservation, request };
    return once(deps.store, call, async (tx) => {
      const [providerId, id] = [providerIdOf(request.name), lastIdOf(request.name)];
      const [, released] = await Promise.all([
        releaseReservation(tx, providerId, id, request.fencingToken),
        readBack(tx, providerId, id),
      ]);
      return released;
    });
  };

/** A reservation as it is now, for the service that reserved it. */
export async function readBack(tx: Tx, providerId: string, id: string): Promise<Reservation> {
  const row = await loadReservation(tx, providerId, id);
  if (!row) throw new PlatformError("NOT_FOUND", { name: reservationName(providerId, id) });
  return reservationToProto(row, true);
}
