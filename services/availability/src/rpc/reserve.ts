import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type Reservation,
  ReservationService,
  type ReserveRequest,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { callOf } from "@dawr/rpc";
import { once, type Tx } from "@dawr/store";
import { AvailabilityError } from "../domain/errors.ts";
import { instantOf } from "../domain/zone-line.ts";
import { publishLapsed } from "../events/lapsed.ts";
import { type Asked, loadQuestion, questionOf, reloadTaken } from "../store/ask-store.ts";
import { loadReservationOf } from "../store/reservation-rows.ts";
import { insertReservation, type Outcome, type Wanted } from "../store/reservations.ts";
import { askFromProto } from "./ask-proto.ts";
import type { Deps } from "./deps.ts";
import { providerIdOf, reservationName } from "./names.ts";
import { reservationToProto } from "./reservation-proto.ts";
import { chooseSlot, notOffered, preferredStaffOf, slotTaken, type Taking, wantedOf } from "./take-slot.ts";
import { instantFrom, wholeMinute } from "./time-proto.ts";

/**
 * Holds time for a booking, or takes it for good. Losing a race, the caller gets another assignment if there is one.
 * Errors: SLOT_TAKEN, SLOT_NOT_OFFERED, BOOKING_ALREADY_RESERVED, and those of the ask. (AV-03)
 */
export const reserveRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["reserve"] =>
  async (request, context) =>
    once(deps.store, { actor: workloadOf(context), method: ReservationService.method.reserve, request }, (tx) =>
      reserve(tx, deps, request),
    );

/** Who sends requests between services: request ids are theirs. */
export function workloadOf(context: HandlerContext): string {
  return callOf(context).workload ?? "internal";
}

/** How often a lost race is run again with what is then free. */
const ATTEMPTS = 4;

async function reserve(tx: Tx, deps: Deps, request: ReserveRequest): Promise<Reservation> {
  const providerId = providerIdOf(request.booking);
  const start = wholeMinute(request.startTime);
  if (start === undefined) throw notOffered(instantFrom(request.startTime), ["S6"]);
  const leniency = request.ignoreHours ? "HOURS" : request.ignoreNotice ? "NOTICE" : "NONE";
  const asked: Asked = { providerId, ask: askFromProto(providerId, request), from: start, to: start + 1, leniency };
  const taking: Taking = {
    asked,
    start,
    preferredStaff: preferredStaffOf(providerId, request.preferredAssignments),
  };
  const expires = request.holdDuration
    ? deps.now().add({ milliseconds: Number(request.holdDuration.seconds) * 1000 + request.holdDuration.nanos / 1e6 })
    : undefined;
  let { calendar, question } = await loadQuestion(tx, deps, asked);
  for (let attempt = 1; ; attempt++) {
    const slot = chooseSlot(deps, calendar, taking, question);
    const wanted = wantedOf(deps, calendar, question, slot, asked, deps.newId());
    const outcome = await insertReservation(tx, wanted, request.booking, expires);
    await publishLapsed(tx, providerId, outcome.lapsed);
    switch (outcome.status) {
      case "RESERVED":
        return { ...reservedToProto(wanted, outcome, request.booking, expires), timeZone: calendar.zone };
      case "LIMIT":
        throw notOffered(instantOf(start), ["S8"]);
      case "ALREADY": {
        const live = await loadReservationOf(tx, providerId, request.booking);
        throw new AvailabilityError("BOOKING_ALREADY_RESERVED", {
          reservation: live ? reservationName(providerId, live.reservation_id) : "",
        });
      }
      case "TAKEN":
        if (attempt === ATTEMPTS) throw slotTaken(start);
        question = questionOf(calendar, asked, await reloadTaken(tx, calendar, asked), deps.now());
    }
  }
}

function reservedToProto(
  wanted: Wanted,
  outcome: Outcome,
  booking: string,
  expires: Temporal.Instant | undefined,
): Reservation {
  return reservationToProto(
    {
      provider_id: wanted.providerId,
      reservation_id: wanted.reservationId,
      state: expires ? "HELD" : "FIRM",
      fencing_token: outcome.token,
      booking,
      blocked_unit_id: null,
      blocked_kind: null,
      block_reason: null,
      start_time: Temporal.Instant.fromEpochMilliseconds(wanted.from * 60_000),
      end_time: Temporal.Instant.fromEpochMilliseconds(wanted.to * 60_000),
      items: wanted.items,
      party_size: wanted.party,
      hot: wanted.hot,
      discount_percent: wanted.discountPercent,
      expires_at: expires ?? null,
      version: 1n,
      create_time: outcome.at,
      update_time: outcome.at,
    },
    true,
  );
}
