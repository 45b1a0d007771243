import type { ServiceImpl } from "@connectrpc/connect";
import { type Reservation, ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { PlatformError, requireActor } from "@dawr/rpc";
import { once, type Tx } from "@dawr/store";
import { AvailabilityError } from "../domain/errors.ts";
import { publishLapsed } from "../events/lapsed.ts";
import { insertBlock } from "../store/blocks.ts";
import { loadReservation, type ReservationRow } from "../store/reservation-rows.ts";
import { releaseReservation } from "../store/reservations.ts";
import { ownerExists } from "../store/schedules.ts";
import type { Deps } from "./deps.ts";
import { idBelow, lastIdOf, ownerKindOf, providerIdOf } from "./names.ts";
import { reservationToProto } from "./reservation-proto.ts";
import { instantFrom } from "./time-proto.ts";

/** Blocks a stretch of a staff member or resource as if it were booked. Errors: SLOT_TAKEN, NOT_FOUND, OTHER_PROVIDER. (BK-10) */
export const blockTimeRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["blockTime"] =>
  async (request, context) => {
    const { account } = requireActor(context);
    const { parent, subject, range, reason } = request;
    const providerId = providerIdOf(parent);
    const unitId = idBelow(providerId, subject);
    const [from, to] = [instantFrom(range?.startTime), instantFrom(range?.endTime)];
    return once(deps.store, { actor: account, method: ReservationService.method.blockTime, request }, async (tx) => {
      const reservationId = deps.newId();
      const isThere = await ownerExists(tx, providerId, unitId, ownerKindOf(subject));
      const outcome = isThere && (await insertBlock(tx, { providerId, reservationId, unitId, from, to, reason }));
      if (!outcome || outcome.status === "UNKNOWN") throw new PlatformError("NOT_FOUND", { name: subject });
      if (outcome.status === "TAKEN") throw new AvailabilityError("SLOT_TAKEN", { start_time: from.toString() });
      await publishLapsed(tx, providerId, outcome.lapsed);
      return blockToProto(await requireBlock(tx, providerId, reservationId));
    });
  };

/** Frees what was blocked; again is no error. What a booking occupies is none of it. Error: NOT_FOUND. (BK-10) */
export const unblockTimeRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["unblockTime"] =>
  async (request, context) => {
    const { account } = requireActor(context);
    const [providerId, id] = [providerIdOf(request.name), lastIdOf(request.name)];
    return once(deps.store, { actor: account, method: ReservationService.method.unblockTime, request }, async (tx) => {
      const block = await requireBlock(tx, providerId, id);
      await releaseReservation(tx, providerId, id, block.fencing_token);
      return blockToProto(await requireBlock(tx, providerId, id));
    });
  };

async function requireBlock(tx: Tx, providerId: string, id: string): Promise<ReservationRow> {
  const row = await loadReservation(tx, providerId, id);
  if (!row || row.booking !== null) throw new PlatformError("NOT_FOUND", { name: id });
  return row;
}

const blockToProto = (row: ReservationRow): Reservation => reservationToProto(row, false);
