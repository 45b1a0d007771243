import { create } from "@bufbuild/protobuf";
import { ItemAssignmentSchema, ResourceAssignmentSchema } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import {
  type Reservation,
  Reservation_State,
  ReservationSchema,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import type { ReservationRow } from "../store/reservation-rows.ts";
import { reservationName, resourceName, serviceName, staffName } from "./names.ts";
import { timestampOf, timestampOfInstant } from "./time-proto.ts";

/** Writes a reservation; the fencing token only for the service that reserved. */
export function reservationToProto(row: ReservationRow, withToken: boolean): Reservation {
  const providerId = row.provider_id;
  return create(ReservationSchema, {
    name: reservationName(providerId, row.reservation_id),
    booking: row.booking ?? "",
    state: STATES[row.state],
    fencingToken: withToken ? row.fencing_token : 0n,
    assignments: row.items.map((item) =>
      create(ItemAssignmentSchema, {
        service: serviceName(providerId, item.serviceId),
        staffMember: staffName(providerId, item.staffId),
        startTime: timestampOf(item.from),
        endTime: timestampOf(item.to),
        resources: item.resources.map(({ resourceId, lanes }) =>
          create(ResourceAssignmentSchema, { resource: resourceName(providerId, resourceId), lanes: [...lanes] }),
        ),
      }),
    ),
    startTime: timestampOfInstant(row.start_time),
    endTime: timestampOfInstant(row.end_time),
    ...(row.expires_at ? { expireTime: timestampOfInstant(row.expires_at) } : {}),
    partySize: row.party_size,
    hot: row.hot,
    discountPercent: row.discount_percent,
    ...(row.blocked_unit_id === null
      ? {}
      : {
          blockedSubject:
            row.blocked_kind === "RESOURCE"
              ? resourceName(providerId, row.blocked_unit_id)
              : staffName(providerId, row.blocked_unit_id),
          blockReason: row.block_reason ?? "",
        }),
    createTime: timestampOfInstant(row.create_time),
    updateTime: timestampOfInstant(row.update_time),
  });
}

const STATES = {
  HELD: Reservation_State.HELD,
  FIRM: Reservation_State.FIRM,
  RELEASED: Reservation_State.RELEASED,
  LAPSED: Reservation_State.LAPSED,
} as const;
