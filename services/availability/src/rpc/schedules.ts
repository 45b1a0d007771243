import type { ServiceImpl } from "@connectrpc/connect";
import { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { PlatformError, requireActor } from "@dawr/rpc";
import { once } from "@dawr/store";
import type { Refusal } from "../domain/refusal.ts";
import { loadConflicts, MOST_CONFLICTS } from "../store/conflicts.ts";
import { loadSchedule, lockSchedule, ownerExists, saveSchedule } from "../store/schedules.ts";
import type { Deps } from "./deps.ts";
import { mayRead } from "./members.ts";
import { ownerIdOf, ownerKindOf, providerIdOf } from "./names.ts";
import { etagOf, scheduleToProto, updatedSchedule } from "./schedule-proto.ts";

/** Gets the schedule of a provider, a staff member or a resource. Error: NOT_FOUND. */
export const getScheduleRpc =
  (deps: Deps): ServiceImpl<typeof ScheduleService>["getSchedule"] =>
  async ({ name }, context) => {
    const [providerId, ownerId] = [providerIdOf(name), ownerIdOf(name)];
    await mayRead(deps, context, name);
    return deps.store.read(async (tx) => {
      if (!(await ownerExists(tx, providerId, ownerId, ownerKindOf(name))))
        throw new PlatformError("NOT_FOUND", { name });
      return scheduleToProto(name, await loadSchedule(tx, providerId, ownerId), []);
    });
  };

/**
 * Updates hours; no booking is dropped, those that now conflict are listed. An empty mask changes the fields that are set.
 * Errors: NOT_FOUND, ETAG_MISMATCH, DAY_REPEATED, HOURS_OVERLAP.
 */
export const updateScheduleRpc =
  (deps: Deps): ServiceImpl<typeof ScheduleService>["updateSchedule"] =>
  async (request, context) => {
    const { account } = requireActor(context);
    const change = request.schedule;
    if (!change) throw new TypeError("the contract requires a schedule here");
    const { name } = change;
    const [providerId, ownerId, kind] = [providerIdOf(name), ownerIdOf(name), ownerKindOf(name)];
    return once(deps.store, { actor: account, method: ScheduleService.method.updateSchedule, request }, async (tx) => {
      if (!(await ownerExists(tx, providerId, ownerId, kind))) throw new PlatformError("NOT_FOUND", { name });
      const current = await lockSchedule(tx, providerId, ownerId);
      if (change.etag !== "" && change.etag !== etagOf(current.version))
        throw new PlatformError("ETAG_MISMATCH", { name });
      const fields = new Set(request.updateMask?.paths ?? []);
      if (fields.size === 0) {
        if (change.followsProvider) fields.add("follows_provider");
        if (change.weeklyHours.length > 0) fields.add("weekly_hours");
        if (change.dateOverrides.length > 0) fields.add("date_overrides");
      }
      // The provider has nobody to follow.
      if (kind === "PROVIDER") fields.delete("follows_provider");
      const row = await saveSchedule(tx, providerId, ownerId, updatedSchedule(current.schedule, change, fields));
      const conflicts = await loadConflicts(tx, deps.defaults, { providerId, limit: MOST_CONFLICTS }, (refusal) =>
        isClosedByHoursOf(providerId, ownerId, refusal),
      );
      return scheduleToProto(
        name,
        row,
        conflicts.map(({ booking }) => booking),
      );
    });
  };

function isClosedByHoursOf(providerId: string, ownerId: string, refusal: Refusal): boolean {
  if (!("because" in refusal) || refusal.because.kind === "TIME_OFF") return false;
  const { kind, staffId, unitId } = refusal;
  return (kind === "PROVIDER_CLOSED" ? providerId : (unitId ?? staffId)) === ownerId;
}
