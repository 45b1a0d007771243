import { create } from "@bufbuild/protobuf";
import { append } from "@dawr/events";
import { AvailabilityChangedSchema, DayShareSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import { nextDeadline, type Timer } from "@dawr/runtime";
import { type Store, StoreError, type Tx } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { BookingRules, Calendar, Taken } from "../domain/calendar.ts";
import { freeShares } from "../domain/free-share.ts";
import { DAY_MINUTES, type Day, dayOf, minuteOf, zoneLine } from "../domain/zone-line.ts";
import { providerName } from "../rpc/names.ts";
import { dayToProto, timestampOf } from "../rpc/time-proto.ts";
import { takenAskOf } from "../store/ask-store.ts";
import {
  type ChangedTime,
  changeChannel,
  oldestUnpublished,
  providersToPublish,
  takeUnpublished,
  takeUnpublishedOf,
  type Unpublished,
} from "../store/changes.ts";
import { loadCalendars } from "../store/load-calendar.ts";
import { loadTaken, NOTHING_TAKEN } from "../store/load-taken.ts";
import { nextFree, unitIdsOf } from "../store/next-free.ts";
import { dueRetries, nextRetry, retryLater } from "../store/publish-retries.ts";

export type PublishDeps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  readonly log: Logger;
  readonly defaults: BookingRules;
  /** How long changes of one provider are gathered into one event, in milliseconds. */
  readonly gatherMs: number;
};

/** Publishes what changed, gathered by provider, outside the transactions that reserve: those must be short. (SE-05) */
export function publishChangesTimer(deps: PublishDeps): Timer {
  return nextDeadline({
    name: "publish-changes",
    channel: changeChannel,
    // What changes now is due when it has gathered; what was known before may be a retry far away.
    isEarlier: (_, deadline) => Temporal.Instant.compare(deps.now().add({ milliseconds: deps.gatherMs }), deadline) < 0,
    next: () =>
      deps.store.read(async (tx) => {
        const oldest = await oldestUnpublished(tx);
        return earlier(oldest?.add({ milliseconds: deps.gatherMs }), await nextRetry(tx));
      }),
    fire: () => publishDue(deps),
  });
}

const BATCH = 50;
const SHARE_DAYS = 7;

/** Publishes what is due: in one transaction for many providers, and by themselves those of which one failed before. */
async function publishDue(deps: PublishDeps): Promise<void> {
  const { store } = deps;
  try {
    await store.transaction(async (tx) => publishChanges(tx, deps, await takeUnpublished(tx, BATCH)));
  } catch (error) {
    if (isAway(error)) throw error;
    // One provider may have spoilt it for all: each by itself, so that it harms nobody else. When none is at fault, we are.
    const failed = await publishEach(deps, await store.read((tx) => providersToPublish(tx, BATCH)));
    if (failed === 0) throw error;
  }
  await publishEach(deps, await store.read((tx) => dueRetries(tx, BATCH)));
}

/** Publishes providers each in its own transaction; those that fail are logged and tried again later. Answers how many. */
async function publishEach(deps: PublishDeps, providerIds: readonly string[]): Promise<number> {
  const { store, log } = deps;
  let failed = 0;
  for (const providerId of providerIds) {
    try {
      await store.transaction(async (tx) => publishChanges(tx, deps, await takeUnpublishedOf(tx, providerId)));
    } catch (error) {
      if (isAway(error)) throw error;
      await store.transaction((tx) => retryLater(tx, providerId));
      log.error(
        { err: error, provider: providerName(providerId) },
        "a provider's availability could not be published; it is tried again by itself",
      );
      failed += 1;
    }
  }
  return failed;
}

/** Whether it is the database that is not to be had, which is no provider's fault. */
function isAway(error: unknown): boolean {
  return error instanceof StoreError && error.reason === "UNAVAILABLE";
}

function earlier(a: Temporal.Instant | undefined, b: Temporal.Instant | undefined): Temporal.Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Temporal.Instant.compare(a, b) <= 0 ? a : b;
}

/** Publishes AvailabilityChanged for providers with the changes that were taken, in a few statements for all. */
async function publishChanges(tx: Tx, deps: PublishDeps, unpublished: readonly Unpublished[]): Promise<void> {
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
