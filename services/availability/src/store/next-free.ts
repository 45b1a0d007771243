import type { Tx } from "@dawr/store";
import type { Ask, Calendar, Taken } from "../domain/calendar.ts";
import { AvailabilityError } from "../domain/errors.ts";
import { findSlots } from "../domain/slots.ts";
import { DAY_MINUTES, type Minute, minuteOf } from "../domain/zone-line.ts";
import { type AskDeps, questionOf, takenAskOf } from "./ask-store.ts";
import { loadCalendars, type OnBroken } from "./load-calendar.ts";
import { loadTaken, NOTHING_TAKEN } from "./load-taken.ts";

export type NextFreeWish = { readonly providerId: string; readonly serviceId: string | undefined };
export type NextFree = { readonly serviceId: string; readonly from: Minute };

/**
 * The next free start of each provider within its horizon, for one service or whichever is free first; two statements for
 * all. A provider whose calendar is broken has none and keeps nobody else from an answer: `onBroken` hears of it once.
 */
export async function loadNextFree(
  tx: Tx,
  deps: AskDeps,
  wishes: readonly NextFreeWish[],
  onBroken: OnBroken,
): Promise<readonly (NextFree | undefined)[]> {
  const broken = new Set<string>();
  const tellOnce: OnBroken = (providerId, error) => {
    if (!broken.has(providerId)) onBroken(providerId, error);
    broken.add(providerId);
  };
  const providerIds = [...new Set(wishes.map((wish) => wish.providerId))];
  const calendars = await loadCalendars(tx, providerIds, deps.defaults, tellOnce);
  const now = deps.now();
  const from = minuteOf(now);
  const horizon = Math.max(0, ...[...calendars.values()].map((calendar) => calendar.rules.horizonDays));
  const asks = [...calendars.values()].map((calendar) => takenAskOf(calendar, unitIdsOf(calendar)));
  const taken = await loadTaken(tx, asks, { from, to: from + (horizon + 2) * DAY_MINUTES });
  return wishes.map(({ providerId, serviceId }) => {
    const calendar = calendars.get(providerId);
    if (!calendar) return undefined;
    try {
      return nextFree(calendar, taken.get(providerId) ?? NOTHING_TAKEN, now, serviceId);
    } catch (error) {
      tellOnce(providerId, error);
      return undefined;
    }
  });
}

/** The next free start of a service, or of whichever is free first, then of the lowest id. */
export function nextFree(
  calendar: Calendar,
  taken: Taken,
  now: Temporal.Instant,
  serviceId: string | undefined,
): NextFree | undefined {
  if (!calendar.published) return undefined;
  const from = minuteOf(now);
  const services = serviceId === undefined ? [...calendar.services.keys()].sort() : [serviceId];
  // Most providers have something within a week; only where they do not, the rest of the horizon is looked at.
  for (const days of [7, calendar.rules.horizonDays + 2]) {
    let best: NextFree | undefined;
    for (const id of services) {
      if (!calendar.services.get(id)?.active) continue;
      const to = Math.min(best?.from ?? Number.POSITIVE_INFINITY, from + days * DAY_MINUTES);
      const start = firstStart(calendar, taken, { from, to }, now, id);
      if (start !== undefined) best = { serviceId: id, from: start };
    }
    if (best) return best;
  }
  return undefined;
}

export function unitIdsOf(calendar: Calendar): readonly string[] {
  return [...calendar.staff, ...calendar.resources].filter((unit) => unit.active).map((unit) => unit.id);
}

function firstStart(
  calendar: Calendar,
  taken: Taken,
  window: { readonly from: Minute; readonly to: Minute },
  now: Temporal.Instant,
  serviceId: string,
): Minute | undefined {
  const ask: Ask = {
    items: [{ serviceId, staffId: undefined, addOnIds: [] }],
    sameStaff: false,
    party: 1,
    maxGapMinutes: 0,
  };
  try {
    const question = questionOf(calendar, { providerId: calendar.providerId, ask, ...window }, taken, now);
    return findSlots(question, { onSlot: () => "STOP" })[0]?.from;
  } catch (error) {
    // A service that nobody serves any more is free never.
    if (error instanceof AvailabilityError) return undefined;
    throw error;
  }
}
