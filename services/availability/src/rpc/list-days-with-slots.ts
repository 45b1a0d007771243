import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AvailabilityService,
  DayWithSlotsSchema,
  ListDaysWithSlotsResponseSchema,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { findSlots, type Slot } from "../domain/slots.ts";
import { DAY_MINUTES, type Day } from "../domain/zone-line.ts";
import { loadQuestion } from "../store/ask-store.ts";
import { askFromProto } from "./ask-proto.ts";
import type { Deps } from "./deps.ts";
import { providerIdOf } from "./names.ts";
import { dayFromProto, dayToProto, timestampOf } from "./time-proto.ts";

/** Lists the local dates of at most 62 that have slots. */
export const listDaysWithSlotsRpc =
  (deps: Deps): ServiceImpl<typeof AvailabilityService>["listDaysWithSlots"] =>
  async (request) => {
    const providerId = providerIdOf(request.provider);
    const first = dayFromProto(request.startDate);
    const { question } = await deps.store.read((tx) =>
      loadQuestion(tx, deps, {
        providerId,
        ask: askFromProto(providerId, request),
        ...aroundDays(first, request.days),
        ignoreBooking: request.ignoreBooking || undefined,
      }),
    );
    return create(ListDaysWithSlotsResponseSchema, {
      days: [...slotsByDay(findSlots(question), first, request.days)].map(([day, slots]) =>
        create(DayWithSlotsSchema, {
          date: dayToProto(day),
          slotCount: slots.length,
          ...(slots[0] ? { firstStartTime: timestampOf(slots[0].from) } : {}),
          hot: slots.some((slot) => slot.hot),
        }),
      ),
    });
  };

/** A window that holds the local dates in every zone: the zone is known only when the provider has been read. */
export function aroundDays(first: Day, days: number): { readonly from: number; readonly to: number } {
  return { from: (first - 1) * DAY_MINUTES, to: (first + days + 1) * DAY_MINUTES };
}

/** Slots by the local date of their start, for the dates asked. */
export function slotsByDay(slots: readonly Slot[], first: Day, days: number): ReadonlyMap<Day, readonly Slot[]> {
  return Map.groupBy(
    slots.filter((slot) => slot.day >= first && slot.day < first + days),
    (slot) => slot.day,
  );
}
