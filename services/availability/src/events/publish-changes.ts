import { create } from "@bufbuild/protobuf";
import { append } from "@dawr/events";
import { AvailabilityChangedSchema, DayShareSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import { nextDeadline, type Timer } from "@dawr/runtime";
import type { Store, Tx } from "@dawr/store";
import type { BookingRules, Calendar, Taken } from "../domain/calendar.ts";
import { freeShares } from "../domain/free-share.ts";
import { DAY_MINUTES, type Day, dayOf, minuteOf, zoneLine } from "../domain/zone-line.ts";
import { providerName } from "../rpc/names.ts";
import { dayToProto, timestampOf } from "../rpc/time-proto.ts";
import { takenAskOf } from "../store/ask-store.ts";
import { type ChangedTime, changeChannel, oldestUnpublished, takeUnpublished } from "../store/changes.ts";
import { loadCalendars } from "../store/load-calendar.ts";
import { loadTaken, NOTHING_TAKEN } from "../store/load-taken.ts";
import { nextFree, unitIdsOf } from "../store/next-free.ts";

export type PublishDeps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  readonly defaults: BookingRules;
  /** How long changes of one provider are gathered into one event, in milliseconds. */
  readonly gatherMs: number;
};

/** Publishes what changed, gathered by provider, outside the transactions that reserve: those must be short. (SE-05) */
export function publishChangesTimer(deps: PublishDeps): Timer {
  return nextDeadline({
    name: "publish-changes",
    channel: changeChannel,
    // The oldest that waits stays the oldest.
    isEarlier: () => false,
    next: async () => (await deps.store.read(oldestUnpublished))?.add({ milliseconds: deps.gatherMs }),
    fire: () => deps.store.transaction((tx) => publishChanges(tx, deps)),
  });
}

const BATCH = 50;
const SHARE_DAYS = 7;

/** Publishes AvailabilityChanged for providers with changes that were not published yet, in a few statements for all. */
async function publishChanges(tx: Tx, deps: PublishDeps): Promise<void> {
  const unpublished = await takeUnpublished(tx, BATCH);
  if (unpublished.length === 0) return;
  const providerIds = unpublished.map(({ providerId }) => providerId);
  const calendars = await loadCalendars(tx, providerIds, deps.defaults);
  const asks = [...calendars.values()].map((calendar) => takenAskOf(calendar, unitIdsOf(calendar)));
  const horizonDays = Math.max(0, ...[...calendars.values()].map((calendar) => calendar.rules.horizonDays));
  const now = deps.now();
  const from = minuteOf(now);
  const taken = await loadTaken(tx, asks, { from, to: from + (horizonDays + 2) * DAY_MINUTES });
  append(
    tx,
    unpublished.flatMap(({ providerId, version, changes }) => {
      const calendar = calendars.get(providerId);
      if (!calendar) return [];
      return {
        schema: AvailabilityChangedSchema,
        message: changedMessage(calendar, taken.get(providerId) ?? NOTHING_TAKEN, changes, now),
        subject: providerName(providerId),
        key: providerId,
        sequence: version,
      };
    }),
  );
}

function changedMessage(calendar: Calendar, taken: Taken, changes: readonly ChangedTime[], now: Temporal.Instant) {
  const minute = minuteOf(now);
  const line = zoneLine(calendar.zone, minute, minute + (SHARE_DAYS + 2) * DAY_MINUTES);
  const next = nextFree(calendar, taken, now, undefined);
  return create(AvailabilityChangedSchema, {
    provider: providerName(calendar.providerId),
    dates: [...changedDays(calendar, changes)].map(dayToProto),
    nextDays: freeShares(calendar, taken, dayOf(line, minute), SHARE_DAYS).map(({ day, openMinutes, freeMinutes }) =>
      create(DayShareSchema, { date: dayToProto(day), openMinutes, freeMinutes }),
    ),
    ...(next ? { nextFreeTime: timestampOf(next.from) } : {}),
  });
}

/** The local dates that changes touch, in order; none where so many changed that all may have. */
function changedDays(calendar: Calendar, changes: readonly ChangedTime[]): ReadonlySet<Day> {
  const days = new Set<Day>();
  for (const { from, to } of [...changes].sort((a, b) => a.from - b.from)) {
    if (to - from > MOST_DAYS * DAY_MINUTES) return new Set();
    const line = zoneLine(calendar.zone, from, to);
    for (let day = dayOf(line, from); day <= dayOf(line, Math.max(from, to - 1)); day++) days.add(day);
  }
  return days;
}

const MOST_DAYS = 62;
