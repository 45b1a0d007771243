import { create } from "@bufbuild/protobuf";
import {
  type ItemAssignment,
  ItemAssignmentSchema,
  ResourceAssignmentSchema,
  type Slot as SlotProto,
  SlotSchema,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Calendar } from "../domain/calendar.ts";
import { localLabels } from "../domain/labels.ts";
import type { Placed } from "../domain/placed.ts";
import type { Question } from "../domain/question.ts";
import type { Slot } from "../domain/slots.ts";
import { resourceName, serviceName, staffName } from "./names.ts";
import { timestampOf, viewerLine } from "./time-proto.ts";

/** Makes a function that writes slots for a viewer; an empty zone is the provider's. Error: TIME_ZONE_UNKNOWN. */
export function slotWriter(calendar: Calendar, question: Question, viewerZone: string): (slot: Slot) => SlotProto {
  const local = localLabels(question.line);
  const isOwnZone = viewerZone === "" || viewerZone === calendar.zone;
  const viewed = isOwnZone ? local : localLabels(viewerLine(viewerZone, question.from, question.to));
  return (slot) =>
    create(SlotSchema, {
      startTime: timestampOf(slot.from),
      endTime: timestampOf(slot.to),
      assignments: slot.items.map((placed) => assignmentToProto(calendar.providerId, placed)),
      providerLocalStart: local(slot.from),
      viewerLocalStart: viewed(slot.from),
      hot: slot.hot,
      discountPercent: slot.hot ? calendar.rules.hotDiscountPercent : 0,
      seatsLeft: seatsLeft(slot),
    });
}

function assignmentToProto(providerId: string, placed: Placed): ItemAssignment {
  return create(ItemAssignmentSchema, {
    service: serviceName(providerId, placed.item.serviceId),
    staffMember: staffName(providerId, placed.staff.id),
    startTime: timestampOf(placed.from),
    endTime: timestampOf(placed.to),
    resources: placed.uses.map((use) =>
      create(ResourceAssignmentSchema, { resource: resourceName(providerId, use.unit.id), lanes: [...use.lanes] }),
    ),
  });
}

/** The seats that a group session has, or would have; the fewest where several items are of groups. */
function seatsLeft(slot: Slot): number {
  const seats = slot.items.flatMap(({ item, session, opensSeats }) =>
    item.capacity > 1 ? [session ? session.seats - session.taken.length : opensSeats] : [],
  );
  return seats.length === 0 ? 0 : Math.min(...seats);
}
