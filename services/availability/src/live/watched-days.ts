import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type DaySlots,
  DaySlotsSchema,
  type WatchAvailabilityRequest,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Tx } from "@dawr/store";
import type { Ask } from "../domain/calendar.ts";
import { findSlots } from "../domain/slots.ts";
import { DAY_MINUTES, type Day } from "../domain/zone-line.ts";
import { askFromProto } from "../rpc/ask-proto.ts";
import type { Deps } from "../rpc/deps.ts";
import { aroundDays, slotsByDay } from "../rpc/list-days-with-slots.ts";
import { providerIdOf } from "../rpc/names.ts";
import { slotWriter } from "../rpc/slot-proto.ts";
import { dayFromProto, dayToProto } from "../rpc/time-proto.ts";
import { loadQuestion } from "../store/ask-store.ts";
import type { ChangedTime } from "../store/changes.ts";

/** What somebody watches: the slots of some local days of a provider, for one ask. */
export type WatchedDays = {
  readonly providerId: string;
  readonly ask: Ask;
  readonly first: Day;
  readonly days: number;
  readonly viewerZone: string;
  /** The question as resume tokens are signed for it. */
  readonly query: unknown;
};

/** A day as it is now; two prints are the same when the slots are. */
export type DayNow = { readonly slots: DaySlots; readonly print: string };

/** What a request asks to watch. */
export function watchedDaysOf(request: WatchAvailabilityRequest): WatchedDays {
  const providerId = providerIdOf(request.provider);
  const { resumeToken: _, $typeName: __, $unknown: ___, ...query } = request;
  return {
    providerId,
    ask: askFromProto(providerId, { ...request, maxGapMinutes: 0 }),
    first: dayFromProto(request.startDate),
    days: request.days,
    viewerZone: request.viewerTimeZone,
    query: {
      ...query,
      items: query.items.map(({ service, staffChoice, addOns }) => ({
        service,
        staff: staffChoice.value ?? "",
        addOns,
      })),
    },
  };
}

/** All days that are watched. */
export function allDays({ first, days }: WatchedDays): ReadonlySet<Day> {
  return new Set(Array.from({ length: days }, (_, index) => first + index));
}

/** The watched days whose slots a change may touch, in any zone: buffers and long services reach over midnight. */
export function daysTouched({ first, days }: WatchedDays, changes: readonly ChangedTime[]): ReadonlySet<Day> {
  const touched = new Set<Day>();
  for (const { from, to } of changes) {
    const begin = Math.max(first, Math.floor(from / DAY_MINUTES) - 2);
    const end = Math.min(first + days - 1, Math.floor(to / DAY_MINUTES) + 2);
    for (let day = begin; day <= end; day++) touched.add(day);
  }
  return touched;
}

/** Reads some of the watched days. Errors: NOT_FOUND, and those of the ask. */
export async function readDays(
  tx: Tx,
  deps: Deps,
  watched: WatchedDays,
  wanted: ReadonlySet<Day>,
): Promise<ReadonlyMap<Day, DayNow>> {
  if (wanted.size === 0) return new Map();
  const { providerId, ask, viewerZone } = watched;
  const first = Math.min(...wanted);
  const days = Math.max(...wanted) - first + 1;
  const { calendar, question } = await loadQuestion(tx, deps, { providerId, ask, ...aroundDays(first, days) });
  const write = slotWriter(calendar, question, viewerZone);
  const byDay = slotsByDay(findSlots(question), first, days);
  return new Map(
    [...wanted].map((day) => {
      const slots = create(DaySlotsSchema, { date: dayToProto(day), slots: (byDay.get(day) ?? []).map(write) });
      return [day, { slots, print: createHash("sha1").update(toBinary(DaySlotsSchema, slots)).digest("base64") }];
    }),
  );
}
