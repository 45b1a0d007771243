import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AvailabilityService,
  RefusalKind,
  RefusalSchema,
  SlotClause,
  type SlotExplanation,
  SlotExplanationSchema,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { AvailabilityError } from "../domain/errors.ts";
import { explainSlot } from "../domain/slots.ts";
import { loadQuestion } from "../store/ask-store.ts";
import { askFromProto } from "./ask-proto.ts";
import type { Deps } from "./deps.ts";
import { isMemberOf } from "./members.ts";
import { providerIdOf } from "./names.ts";
import { refusalsToProto } from "./refusal-proto.ts";
import { slotWriter } from "./slot-proto.ts";
import { wholeMinute } from "./time-proto.ts";

/** Explains why an instant is offered or not; strangers see clause and kind, members also who and when. (S13) */
export const explainSlotRpc =
  (deps: Deps): ServiceImpl<typeof AvailabilityService>["explainSlot"] =>
  async (request, context) => {
    const providerId = providerIdOf(request.provider);
    const start = wholeMinute(request.startTime);
    if (start === undefined) return refused(SlotClause.GRID, RefusalKind.GRID);
    try {
      const { calendar, question } = await deps.store.read((tx) =>
        loadQuestion(tx, deps, {
          providerId,
          ask: askFromProto(providerId, request),
          from: start,
          to: start + 1,
          ignoreBooking: request.ignoreBooking || undefined,
        }),
      );
      const { slot, refusals } = explainSlot(question, start);
      const isMember = refusals.length > 0 && (await isMemberOf(deps, context, providerId));
      return create(SlotExplanationSchema, {
        offered: slot !== undefined,
        ...(slot ? { slot: slotWriter(calendar, question, request.viewerTimeZone)(slot) } : {}),
        refusals: refusals.flatMap((refusal) => refusalsToProto(providerId, refusal, isMember)),
      });
    } catch (error) {
      if (!(error instanceof AvailabilityError)) throw error;
      if (error.reason === "STAFF_NOT_ABLE") return refused(SlotClause.STAFF, RefusalKind.SKILL);
      if (error.reason === "PROVIDER_NOT_BOOKABLE" || error.reason === "SERVICE_NOT_BOOKABLE")
        return refused(SlotClause.ALL_OPEN, RefusalKind.NOT_BOOKABLE);
      throw error;
    }
  };

function refused(clause: SlotClause, kind: RefusalKind): SlotExplanation {
  return create(SlotExplanationSchema, { refusals: [create(RefusalSchema, { clause, kind })] });
}
