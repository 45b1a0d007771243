import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Conflict as ConflictProto,
  ConflictSchema,
  ListConflictsResponseSchema,
  type ReservationService,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { readPageToken, signPageToken } from "@dawr/store";
import { type Conflict, loadConflicts } from "../store/conflicts.ts";
import { cursorFrom } from "./cursor.ts";
import type { Deps } from "./deps.ts";
import { idBelow, providerIdOf, reservationName } from "./names.ts";
import { refusalsToProto } from "./refusal-proto.ts";
import { instantFrom, timestampOfInstant } from "./time-proto.ts";

/** Lists the bookings that no longer fit hours, time off, staff and resources, by start, with what refuses them. (AV-01) */
export const listConflictsRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["listConflicts"] =>
  async (request) => {
    const { parent, subject, range: asked } = request;
    const providerId = providerIdOf(parent);
    const range = asked && { from: instantFrom(asked.startTime), to: instantFrom(asked.endTime) };
    const query = { list: "conflicts", parent, subject, range: range ? `${range.from}/${range.to}` : "" };
    const limit = request.pageSize || deps.settings.pageSize;
    const found = await deps.store.read((tx) =>
      loadConflicts(tx, deps.defaults, {
        providerId,
        range,
        unitId: subject === "" ? undefined : idBelow(providerId, subject),
        after: cursorFrom(readPageToken({ key: deps.keys, query, token: request.pageToken })),
        limit: limit + 1,
      }),
    );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return create(ListConflictsResponseSchema, {
      conflicts: page.map((conflict) => conflictToProto(providerId, conflict)),
      nextPageToken:
        found.length > limit && last
          ? signPageToken({ key: deps.keys, query, cursor: { start: last.start.toString(), id: last.reservationId } })
          : "",
    });
  };

function conflictToProto(
  providerId: string,
  { booking, reservationId, start, end, refusals }: Conflict,
): ConflictProto {
  return create(ConflictSchema, {
    booking,
    reservation: reservationName(providerId, reservationId),
    startTime: timestampOfInstant(start),
    endTime: timestampOfInstant(end),
    refusals: refusals.flatMap((refusal) => refusalsToProto(providerId, refusal, true)),
  });
}
