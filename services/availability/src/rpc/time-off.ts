import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ListTimeOffResponseSchema,
  ScheduleService,
  type TimeOff,
  TimeOffSchema,
} from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { type TimeRange, TimeRangeSchema } from "@dawr/gen/dawr/type/v1/time_range_pb.js";
import { PlatformError, requireActor } from "@dawr/rpc";
import { once, readPageToken, signPageToken } from "@dawr/store";
import { loadConflicts, MOST_CONFLICTS } from "../store/conflicts.ts";
import { ownerExists } from "../store/schedules.ts";
import { deleteTimeOff, insertTimeOff, listTimeOff, loadTimeOff, type TimeOffRow } from "../store/time-off.ts";
import { cursorFrom } from "./cursor.ts";
import type { Deps } from "./deps.ts";
import {
  idBelow,
  lastIdOf,
  ownerIdOf,
  ownerKindOf,
  providerIdOf,
  providerName,
  resourceName,
  staffName,
  timeOffName,
} from "./names.ts";
import { instantFrom, timestampOfInstant } from "./time-proto.ts";

/** Creates time off; no booking is dropped, those that now conflict are listed. Errors: NOT_FOUND, OTHER_PROVIDER. */
export const createTimeOffRpc =
  (deps: Deps): ServiceImpl<typeof ScheduleService>["createTimeOff"] =>
  async (request, context) => {
    const { account } = requireActor(context);
    const providerId = providerIdOf(request.parent);
    const wanted = request.timeOff;
    if (!wanted) throw new TypeError("the contract requires a time off here");
    const { subject, reason } = wanted;
    idBelow(providerId, subject);
    const range = rangeOf(wanted.range);
    return once(deps.store, { actor: account, method: ScheduleService.method.createTimeOff, request }, async (tx) => {
      const ownerId = ownerIdOf(subject);
      if (!(await ownerExists(tx, providerId, ownerId, ownerKindOf(subject))))
        throw new PlatformError("NOT_FOUND", { name: subject });
      const id = deps.newId();
      await insertTimeOff(tx, { providerId, id, ownerId, ...range, reason });
      const row = await loadTimeOff(tx, providerId, id);
      if (!row) throw new Error("a time off that was just stored is missing");
      const conflicts = await loadConflicts(
        tx,
        deps.defaults,
        { providerId, range, limit: MOST_CONFLICTS },
        (refusal) => "because" in refusal && refusal.because.kind === "TIME_OFF" && refusal.because.timeOff.id === id,
      );
      return timeOffToProto(
        providerId,
        row,
        conflicts.map(({ booking }) => booking),
      );
    });
  };

/** Deletes time off. Error: NOT_FOUND. */
export const deleteTimeOffRpc =
  (deps: Deps): ServiceImpl<typeof ScheduleService>["deleteTimeOff"] =>
  async (request, context) => {
    const { account } = requireActor(context);
    return once(deps.store, { actor: account, method: ScheduleService.method.deleteTimeOff, request }, async (tx) => {
      const isGone = await deleteTimeOff(tx, providerIdOf(request.name), lastIdOf(request.name));
      if (!isGone) throw new PlatformError("NOT_FOUND", { name: request.name });
      return create(EmptySchema);
    });
  };

/** Lists time off that touches a range, or that has not ended, by start. */
export const listTimeOffRpc =
  (deps: Deps): ServiceImpl<typeof ScheduleService>["listTimeOff"] =>
  async (request) => {
    const providerId = providerIdOf(request.parent);
    const query = {
      list: "timeOff",
      parent: request.parent,
      subject: request.subject,
      range: rangeText(request.range),
    };
    const limit = request.pageSize || deps.settings.pageSize;
    const rows = await deps.store.read((tx) =>
      listTimeOff(tx, {
        providerId,
        ownerId: request.subject === "" ? undefined : ownerIdOf(request.subject),
        range: request.range ? rangeOf(request.range) : undefined,
        after: cursorFrom(readPageToken({ key: deps.keys, query, token: request.pageToken })),
        limit: limit + 1,
      }),
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return create(ListTimeOffResponseSchema, {
      timeOff: page.map((row) => timeOffToProto(providerId, row, [])),
      nextPageToken:
        rows.length > limit && last
          ? signPageToken({ key: deps.keys, query, cursor: { start: last.from.toString(), id: last.time_off_id } })
          : "",
    });
  };

function timeOffToProto(providerId: string, row: TimeOffRow, conflictingBookings: readonly string[]): TimeOff {
  return create(TimeOffSchema, {
    name: timeOffName(providerId, row.time_off_id),
    subject:
      row.kind === null
        ? providerName(providerId)
        : row.kind === "STAFF"
          ? staffName(providerId, row.owner_id)
          : resourceName(providerId, row.owner_id),
    range: create(TimeRangeSchema, { startTime: timestampOfInstant(row.from), endTime: timestampOfInstant(row.to) }),
    reason: row.content.reason,
    conflictingBookings: [...conflictingBookings],
    createTime: timestampOfInstant(row.create_time),
  });
}

function rangeOf(range: TimeRange | undefined): { readonly from: Temporal.Instant; readonly to: Temporal.Instant } {
  return { from: instantFrom(range?.startTime), to: instantFrom(range?.endTime) };
}

function rangeText(range: TimeRange | undefined): string {
  return range ? `${instantFrom(range.startTime)}/${instantFrom(range.endTime)}` : "";
}
