import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type AvailabilityService, FindSlotsResponseSchema } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { findSlots } from "../domain/slots.ts";
import { loadQuestion } from "../store/ask-store.ts";
import { askFromProto } from "./ask-proto.ts";
import type { Deps } from "./deps.ts";
import { providerIdOf } from "./names.ts";
import { slotWriter } from "./slot-proto.ts";
import { minuteFrom } from "./time-proto.ts";

/** Finds the slots of a window of at most 62 days. (AV-02, S1–S12) */
export const findSlotsRpc =
  (deps: Deps): ServiceImpl<typeof AvailabilityService>["findSlots"] =>
  async (request) => {
    const providerId = providerIdOf(request.provider);
    const { calendar, question } = await deps.store.read((tx) =>
      loadQuestion(tx, deps, {
        providerId,
        ask: askFromProto(providerId, request),
        from: minuteFrom(request.startTime),
        to: minuteFrom(request.endTime),
        ignoreBooking: request.ignoreBooking || undefined,
      }),
    );
    const write = slotWriter(calendar, question, request.viewerTimeZone);
    return create(FindSlotsResponseSchema, {
      slots: findSlots(question, { perStaff: request.eachStaff }).map(write),
      providerTimeZone: calendar.zone,
    });
  };
