import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ListReservationsResponseSchema,
  type ReservationService,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { readPageToken, signPageToken } from "@dawr/store";
import { listReservations } from "../store/reservation-rows.ts";
import { cursorFrom } from "./cursor.ts";
import type { Deps } from "./deps.ts";
import { idBelow, providerIdOf } from "./names.ts";
import { reservationToProto } from "./reservation-proto.ts";
import { minuteFrom } from "./time-proto.ts";

/** Lists a provider's live reservations that touch a range, by start; without fencing tokens. */
export const listReservationsRpc =
  (deps: Deps): ServiceImpl<typeof ReservationService>["listReservations"] =>
  async (request) => {
    const providerId = providerIdOf(request.parent);
    const from = minuteFrom(request.range?.startTime);
    const to = minuteFrom(request.range?.endTime);
    const query = { list: "reservations", parent: request.parent, subject: request.subject, from, to };
    const limit = request.pageSize || deps.settings.pageSize;
    const rows = await deps.store.read((tx) =>
      listReservations(tx, {
        providerId,
        from,
        to,
        unitId: request.subject === "" ? undefined : idBelow(providerId, request.subject),
        after: cursorFrom(readPageToken({ key: deps.keys, query, token: request.pageToken })),
        limit: limit + 1,
      }),
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return create(ListReservationsResponseSchema, {
      reservations: page.map((row) => reservationToProto(row, false)),
      nextPageToken:
        rows.length > limit && last
          ? signPageToken({
              key: deps.keys,
              query,
              cursor: { start: last.start_time.toString(), id: last.reservation_id },
            })
          : "",
    });
  };
