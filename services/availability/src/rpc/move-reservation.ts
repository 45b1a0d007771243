import type { ServiceImpl } from "@connectrpc/connect";
import {
  type MoveReservationRequest,
  type Reservation,
  ReservationService,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { PlatformError } from "@dawr/rpc";
import { once, type Tx } from "@dawr/store";
import type { Ask } from "../domain/calendar.ts";
import { AvailabilityError } from "../domain/errors.ts";
import type { Leniency } from "../domain/leniency.ts";
import { instantOf, type Minute, minuteOf } from "../domain/zone-line.ts";
import { publishLapsed } from "../events/lapsed.ts";
import { type Asked, loadQuestion } from "../store/ask-store.ts";
import { loadReservation, type ReservationRow } from "../store/reservation-rows.ts";
import { lockReservation, updateReservation } from "../store/reservations.ts";
import { askFromProto } from "./ask-proto.ts";
import type { Deps } from "./deps.ts";
import { readBack } from "./end-reservation.ts";
import { lastIdOf, providerIdOf } from "./names.ts";
import { workloadOf } from "./reserve.ts";
import { chooseSlot, notOffered, preferredStaffOf, slotTaken, type Taking, wantedOf } from "./take-slot.ts";
import { instantFrom, wholeMinute } from "./time-proto.ts";

/**
 * Moves a reservation: the old time is lost only if the new one is won. Errors: those of Reserve, MOVE_TOO_LATE,
 * RESERVATION_LAPSED, RESERVATION_RELEASED, FENCING_TOKEN_STALE, NOT_FOUND.
 */
export const moveReservationRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["moveReservation"] =>
  async (request, context) => {
    const call = { actor: workloadOf(context), method: ReservationService.method.moveReservation, request };
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(deps.store, call, (tx) => move(tx, deps, request));
      } catch (error) {
        // The loser of a race has been rolled back whole, and looks again at what is free now.
        const lostRace = error instanceof AvailabilityError && error.cause === LOST_RACE;
        if (!lostRace || attempt === ATTEMPTS) throw error;
      }
    }
  };

const ATTEMPTS = 4;
const LOST_RACE = Symbol("lost race");

async function move(tx: Tx, deps: Deps, request: MoveReservationRequest): Promise<Reservation> {
  const [providerId, id] = [providerIdOf(request.name), lastIdOf(request.name)];
  const start = wholeMinute(request.startTime);
  if (start === undefined) throw notOffered(instantFrom(request.startTime), ["S6"]);
  const until = request.expireTime && instantFrom(request.expireTime);
  await lockReservation(tx, providerId, id, request.fencingToken, until);
  const current = await loadReservation(tx, providerId, id);
  if (!current || current.booking === null) throw new PlatformError("NOT_FOUND", { name: request.name });
  const asked: Asked = {
    providerId,
    ask: askOfMove(providerId, request, current),
    from: start,
    to: start + 1,
    ignoreBooking: current.booking,
    leniency: leniencyOf(request, current, start),
  };
  const preferredStaff = preferredStaffOf(providerId, request.preferredAssignments);
  const taking: Taking = { asked, start, preferredStaff };
  const { calendar, question } = await loadQuestion(tx, deps, asked);
  const slot = chooseSlot(deps, calendar, taking, question);
  const outcome = await updateReservation(
    tx,
    wantedOf(deps, calendar, question, slot, asked, id),
    request.fencingToken,
  );
  if (outcome.status === "LIMIT") throw notOffered(instantOf(start), ["S8"]);
  if (outcome.status !== "RESERVED")
    throw new AvailabilityError("SLOT_TAKEN", slotTaken(start).metadata, { cause: LOST_RACE });
  await publishLapsed(tx, providerId, outcome.lapsed);
  return readBack(tx, providerId, id);
}

function askOfMove(providerId: string, request: MoveReservationRequest, current: ReservationRow): Ask {
  const ask = askFromProto(providerId, request);
  const booked = new Set(current.items.map(({ serviceId }) => serviceId));
  return { ...ask, items: ask.items.map((item) => ({ ...item, isBooked: booked.has(item.serviceId) })) };
}

function leniencyOf(request: MoveReservationRequest, current: ReservationRow, start: Minute): Leniency {
  if (request.ignoreHours) return "HOURS";
  return start === minuteOf(current.start_time) ? "SAME_START" : "NONE";
}
