import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Ask } from "../domain/calendar.ts";
import { idBelow } from "./names.ts";

/** What every question about slots says. */
export type AskProto = {
  readonly items: readonly SlotItem[];
  readonly partySize: number;
  readonly maxGapMinutes: number;
  /** Whether one staff member is to serve every item; only where slots are searched. */
  readonly sameStaff?: boolean;
};

/** The ask of a request. Error: OTHER_PROVIDER for what belongs to another provider. */
export function askFromProto(providerId: string, request: AskProto): Ask {
  return {
    items: request.items.map((item) => ({
      serviceId: idBelow(providerId, item.service),
      staffId: item.staffChoice.case === "staffMember" ? idBelow(providerId, item.staffChoice.value) : undefined,
      addOnIds: item.addOns.map((name) => idBelow(providerId, name)),
    })),
    sameStaff: request.sameStaff ?? false,
    party: Math.max(1, request.partySize),
    maxGapMinutes: request.maxGapMinutes,
  };
}
