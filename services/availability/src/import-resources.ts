import { isMessage, type Message } from "@bufbuild/protobuf";
import type { ItemAssignment } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { type Reservation, ReservationSchema } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import {
  BookingRulesSchema,
  ScheduleSchema,
  type TimeOff,
  TimeOffSchema,
} from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ResourceSchema } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import type { Tx } from "@dawr/store";
import type { BookingRules } from "./domain/calendar.ts";
import { mergeClaims } from "./domain/claim.ts";
import { dayOf, zoneLine } from "./domain/zone-line.ts";
import { providerCopy, resourceCopy, serviceCopy, staffCopy } from "./events/catalog-copies.ts";
import { updatedRules } from "./rpc/booking-rules.ts";
import { lastIdOf, ownerIdOf, providerIdOf } from "./rpc/names.ts";
import { scheduleFromProto } from "./rpc/schedule-proto.ts";
import { instantFrom, minuteFrom } from "./rpc/time-proto.ts";
import { keepParts, keepProviders, type PartCopy } from "./store/copies.ts";
import {
  type ImportedReservation,
  importReservations,
  importRules,
  importSchedules,
  importTimeOff,
  tellImported,
} from "./store/import.ts";
import type { ServiceContent } from "./store/load-calendar.ts";

/**
 * Takes whole resources in bulk: catalog's copies, schedules, rules, time off and firm reservations, each kind in one or
 * two statements. Reservations need their provider and services in the same import. Throws when reservations overlap.
 */
export async function importResources(tx: Tx, resources: readonly Message[], defaults: BookingRules): Promise<void> {
  const providers = resources.filter((r) => isMessage(r, ProviderSchema)).map((r) => providerCopy(r, 1n));
  const parts: readonly PartCopy[] = [
    ...resources.filter((r) => isMessage(r, ServiceSchema)).map((r) => serviceCopy(r, 1n)),
    ...resources.filter((r) => isMessage(r, StaffMemberSchema)).map((r) => staffCopy(r, 1n)),
    ...resources.filter((r) => isMessage(r, ResourceSchema)).map((r) => resourceCopy(r, 1n)),
  ];
  await keepProviders(tx, providers);
  await keepParts(tx, parts);
  await importSchedules(
    tx,
    resources
      .filter((r) => isMessage(r, ScheduleSchema))
      .map((r) => ({ providerId: providerIdOf(r.name), ownerId: ownerIdOf(r.name), schedule: scheduleFromProto(r) })),
  );
  await importRules(
    tx,
    resources
      .filter((r) => isMessage(r, BookingRulesSchema))
      .map((r) => ({
        providerId: providerIdOf(r.name),
        rules: updatedRules(providerIdOf(r.name), defaults, r, new Set()),
      })),
  );
  await importTimeOff(tx, resources.filter((r) => isMessage(r, TimeOffSchema)).map(timeOffFrom));
  const zones = new Map(providers.map((provider) => [provider.providerId, provider.zone]));
  const services = new Map(
    parts.flatMap((part) => (part.kind === "SERVICE" ? [[part.id, part.content] as const] : [])),
  );
  await importReservations(
    tx,
    resources.filter((r) => isMessage(r, ReservationSchema)).map((r) => reservationFrom(r, zones, services)),
  );
  await tellImported(tx, [...zones.keys()]);
}

function timeOffFrom(off: TimeOff) {
  return {
    providerId: providerIdOf(off.name),
    id: lastIdOf(off.name),
    ownerId: ownerIdOf(off.subject),
    from: instantFrom(off.range?.startTime).toString(),
    to: instantFrom(off.range?.endTime).toString(),
    reason: off.reason,
  };
}

function reservationFrom(
  reservation: Reservation,
  zones: ReadonlyMap<string, string>,
  services: ReadonlyMap<string, ServiceContent>,
): ImportedReservation {
  const providerId = providerIdOf(reservation.name);
  const zone = zones.get(providerId);
  if (zone === undefined) throw new Error(`${reservation.name} comes without its provider`);
  const from = minuteFrom(reservation.startTime);
  const items = reservation.assignments.map((assignment) => itemFrom(assignment, services));
  return {
    providerId,
    id: lastIdOf(reservation.name),
    booking: reservation.booking,
    from: instantFrom(reservation.startTime).toString(),
    to: instantFrom(reservation.endTime).toString(),
    day: dayOf(zoneLine(zone, from, from + 1), from),
    items: items.map(({ bufferBefore: _, bufferAfter: __, ...item }) => item),
    party: Math.max(1, reservation.partySize),
    hot: reservation.hot,
    discountPercent: reservation.discountPercent,
    stretches: mergeClaims(
      items.map((item) => ({
        ...item,
        isSession: false,
        uses: [
          { unitId: item.staffId, kind: "STAFF", lanes: [1] },
          ...item.resources.map(({ resourceId, lanes }) => ({ unitId: resourceId, kind: "RESOURCE" as const, lanes })),
        ],
      })),
    ).map((claim) => ({ ...claim, sessionId: undefined })),
  };
}

function itemFrom(assignment: ItemAssignment, services: ReadonlyMap<string, ServiceContent>) {
  const serviceId = lastIdOf(assignment.service);
  const service = services.get(serviceId);
  if (!service) throw new Error(`a reservation of ${assignment.service} comes without it`);
  if (service.capacity > 1) throw new Error(`${assignment.service} is of groups: sessions are not imported`);
  return {
    serviceId,
    staffId: lastIdOf(assignment.staffMember),
    from: minuteFrom(assignment.startTime),
    to: minuteFrom(assignment.endTime),
    resources: assignment.resources.map(({ resource, lanes }) => ({ resourceId: lastIdOf(resource), lanes })),
    addOnIds: [],
    sessionId: null,
    bufferBefore: service.bufferBefore,
    bufferAfter: service.bufferAfter,
  };
}
