import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AvailabilityService,
  type DaySlots,
  DaySlotsSchema,
  type WatchAvailabilityRequest,
  WatchAvailabilityResponseSchema,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { type Tx, watchChanges } from "@dawr/store";
import { findSlots } from "../domain/slots.ts";
import { DAY_MINUTES, type Day } from "../domain/zone-line.ts";
import { loadQuestion } from "../store/ask-store.ts";
import { changeHub } from "../store/change-hub.ts";
import { type ChangedTime, changesSince } from "../store/changes.ts";
import { askFromProto } from "./ask-proto.ts";
import type { Deps } from "./deps.ts";
import { aroundDays, slotsByDay } from "./list-days-with-slots.ts";
import { providerIdOf } from "./names.ts";
import { slotWriter } from "./slot-proto.ts";
import { dayFromProto, dayToProto } from "./time-proto.ts";

/** Watches the slots of up to 7 days: all of them first, then each day whose slots change. (AV-05) */
export const watchAvailabilityRpc = (deps: Deps): ServiceImpl<typeof AvailabilityService>["watchAvailability"] => {
  const hub = changeHub(deps.store);
  return async function* (request, context) {
    const providerId = providerIdOf(request.provider);
    const days = watchedDays(deps, request);
    const { resumeToken, $typeName: _, $unknown: __, ...query } = request;
    const messages = watchChanges<DaySlots>({
      store: deps.store,
      key: deps.keys,
      query: {
        ...query,
        items: query.items.map(({ service, staffChoice, addOns }) => ({
          service,
          staff: staffChoice.value ?? "",
          addOns,
        })),
      },
      wake: (onWake) => hub.watch(providerId, onWake),
      read: days,
      resumeToken,
      resumeFor: deps.settings.resumeFor,
      heartbeatMs: deps.settings.heartbeatMs,
      signal: context.signal,
    });
    for await (const { kind, token, items } of messages)
      yield create(WatchAvailabilityResponseSchema, { kind: KINDS[kind], resumeToken: token, days: [...items] });
  };
};

const KINDS = { snapshot: WatchKind.SNAPSHOT, changes: WatchKind.CHANGES, heartbeat: WatchKind.HEARTBEAT } as const;

/** Reads all watched days, or those that changes may have touched and that are not as they were last told. */
function watchedDays(deps: Deps, request: WatchAvailabilityRequest) {
  const providerId = providerIdOf(request.provider);
  const first = dayFromProto(request.startDate);
  const told = new Map<Day, string>();
  return async (tx: Tx, since: string | undefined): Promise<readonly DaySlots[]> => {
    const changes = since === undefined ? undefined : await changesSince(tx, providerId, since);
    const touched = changes && daysTouched(changes, first, request.days);
    if (touched?.size === 0) return [];
    const ask = askFromProto(providerId, { ...request, maxGapMinutes: 0 });
    const { calendar, question } = await loadQuestion(tx, deps, {
      providerId,
      ask,
      ...aroundDays(first, request.days),
    });
    const write = slotWriter(calendar, question, request.viewerTimeZone);
    const byDay = slotsByDay(findSlots(question), first, request.days);
    return Array.from({ length: request.days }, (_, i) => first + i).flatMap((day) => {
      if (touched && !touched.has(day)) return [];
      const slots = create(DaySlotsSchema, { date: dayToProto(day), slots: (byDay.get(day) ?? []).map(write) });
      const print = createHash("sha1").update(toBinary(DaySlotsSchema, slots)).digest("base64");
      const isNews = touched === undefined || told.get(day) !== print;
      told.set(day, print);
      return isNews ? [slots] : [];
    });
  };
}

/** Days whose slots a change may touch, in any zone: buffers and long services reach over midnight. */
function daysTouched(changes: readonly ChangedTime[], first: Day, days: number): ReadonlySet<Day> {
  const touched = new Set<Day>();
  for (const { from, to } of changes) {
    const begin = Math.max(first, Math.floor(from / DAY_MINUTES) - 2);
    const end = Math.min(first + days - 1, Math.floor(to / DAY_MINUTES) + 2);
    for (let day = begin; day <= end; day++) touched.add(day);
  }
  return touched;
}
