import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { implement } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { config, defaultRules, settingsOf } from "./config.ts";
import { catalogCopies } from "./events/catalog-copies.ts";
import { lapseHoldsTimer } from "./events/lapse-holds.ts";
import { publishChangesTimer } from "./events/publish-changes.ts";
import { importResources } from "./import-resources.ts";
import { blockTimeRpc, unblockTimeRpc } from "./rpc/block-time.ts";
import { getBookingRulesRpc, updateBookingRulesRpc } from "./rpc/booking-rules.ts";
import type { Deps } from "./rpc/deps.ts";
import { confirmReservationRpc, releaseReservationRpc } from "./rpc/end-reservation.ts";
import { errors } from "./rpc/errors.ts";
import { explainSlotRpc } from "./rpc/explain-slot.ts";
import { findAlternativesRpc } from "./rpc/find-alternatives.ts";
import { findSlotsRpc } from "./rpc/find-slots.ts";
import { listConflictsRpc } from "./rpc/list-conflicts.ts";
import { listDaysWithSlotsRpc } from "./rpc/list-days-with-slots.ts";
import { listReservationsRpc } from "./rpc/list-reservations.ts";
import { moveReservationRpc } from "./rpc/move-reservation.ts";
import { nextFreeRpc } from "./rpc/next-free.ts";
import { reserveRpc } from "./rpc/reserve.ts";
import { getScheduleRpc, updateScheduleRpc } from "./rpc/schedules.ts";
import { createTimeOffRpc, deleteTimeOffRpc, listTimeOffRpc } from "./rpc/time-off.ts";
import { watchAvailabilityRpc } from "./rpc/watch-availability.ts";
import { pruneChanges } from "./store/changes.ts";

/** Schedules and reservations: what is free. Nobody else may occupy time. */
export const availability = defineService({
  name: "availability",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  errors,
  start: (host) => {
    const defaults = defaultRules(host.config);
    const settings = settingsOf(host.config);
    const { store, now, newId, auth, keys, log } = host;
    const deps: Deps = { store, now, newId, auth, log, keys, defaults, settings };
    const gatherMs = host.config.AVAILABILITY_PUBLISH_AFTER.total("milliseconds");
    return {
      implementations: [
        implement(AvailabilityService, {
          findSlots: findSlotsRpc(deps),
          explainSlot: explainSlotRpc(deps),
          listDaysWithSlots: listDaysWithSlotsRpc(deps),
          nextFree: nextFreeRpc(deps),
          watchAvailability: watchAvailabilityRpc(deps),
        }),
        implement(ReservationService, {
          reserve: reserveRpc(deps),
          confirmReservation: confirmReservationRpc(deps),
          releaseReservation: releaseReservationRpc(deps),
          moveReservation: moveReservationRpc(deps),
          findAlternatives: findAlternativesRpc(deps),
          blockTime: blockTimeRpc(deps),
          unblockTime: unblockTimeRpc(deps),
          listConflicts: listConflictsRpc(deps),
          listReservations: listReservationsRpc(deps),
        }),
        implement(ScheduleService, {
          getSchedule: getScheduleRpc(deps),
          updateSchedule: updateScheduleRpc(deps),
          listTimeOff: listTimeOffRpc(deps),
          createTimeOff: createTimeOffRpc(deps),
          deleteTimeOff: deleteTimeOffRpc(deps),
          getBookingRules: getBookingRulesRpc(deps),
          updateBookingRules: updateBookingRulesRpc(deps),
        }),
      ],
      consumers: [catalogCopies()],
      timers: [lapseHoldsTimer(store), publishChangesTimer({ store, now, log, defaults, gatherMs })],
      jobs: [
        {
          name: "prune-changes",
          schedule: "17 * * * *",
          // Twice as long as tokens are good, so that no stream misses what it was away for.
          run: () =>
            store.transaction((tx) =>
              pruneChanges(tx, now().subtract(settings.resumeFor).subtract(settings.resumeFor)),
            ),
        },
      ],
    };
  },
  importResources: (tx, resources, host) => importResources(tx, resources, defaultRules(host.config)),
});
