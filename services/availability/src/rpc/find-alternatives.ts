import { create, toJsonString } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type FindAlternativesRequest,
  FindAlternativesRequestSchema,
  type FindAlternativesResponse,
  FindAlternativesResponseSchema,
  type ReservationService,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { nearestSlots } from "../domain/alternatives.ts";
import { findSlots } from "../domain/slots.ts";
import { DAY_MINUTES, minuteOf } from "../domain/zone-line.ts";
import { loadQuestion } from "../store/ask-store.ts";
import { loadReservationOf } from "../store/reservation-rows.ts";
import { askFromProto } from "./ask-proto.ts";
import type { Deps } from "./deps.ts";
import { providerIdOf } from "./names.ts";
import { slotWriter } from "./slot-proto.ts";
import { minuteFrom } from "./time-proto.ts";

/** Finds the nearest slots for the same services and any staff. The losers of one race share one search. (BK-04) */
export const findAlternativesRpc = (deps: Deps): ServiceImpl<typeof ReservationService>["findAlternatives"] => {
  const underWay = new Map<string, Promise<FindAlternativesResponse>>();
  return async (request) => {
    const key = toJsonString(FindAlternativesRequestSchema, request);
    let answer = underWay.get(key);
    if (!answer) {
      answer = search(deps, request).finally(() => underWay.delete(key));
      underWay.set(key, answer);
    }
    return answer;
  };
};

async function search(deps: Deps, request: FindAlternativesRequest): Promise<FindAlternativesResponse> {
  const providerId = providerIdOf(request.provider);
  const start = minuteFrom(request.startTime);
  const asked = askFromProto(providerId, request);
  const ask = { ...asked, items: asked.items.map((item) => ({ ...item, staffId: undefined })) };
  const days = deps.settings.alternativeDays * DAY_MINUTES;
  const ignoreBooking = request.ignoreBooking || undefined;
  const [{ calendar, question }, moving] = await deps.store.read((tx) =>
    Promise.all([
      loadQuestion(tx, deps, { providerId, ask, from: start - days, to: start + days, ignoreBooking }),
      ignoreBooking === undefined ? undefined : loadReservationOf(tx, providerId, ignoreBooking),
    ]),
  );
  const taken = [start, ...(moving ? [minuteOf(moving.start_time)] : [])];
  const nearest = nearestSlots(findSlots(question), start, taken, request.count || 3);
  return create(FindAlternativesResponseSchema, { slots: nearest.map(slotWriter(calendar, question, "")) });
}
