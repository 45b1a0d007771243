import { PlatformError } from "@dawr/rpc";
import type { Tx } from "@dawr/store";
import { type Ask, askCalendar, type BookingRules, type Calendar, type Taken, unitsOf } from "../domain/calendar.ts";
import { type Leniency, lenient } from "../domain/leniency.ts";
import { makeQuestion, type Question } from "../domain/question.ts";
import type { Minute } from "../domain/zone-line.ts";
import { loadCalendar } from "./load-calendar.ts";
import { loadTaken, type TakenAsk } from "./load-taken.ts";

/** An ask about one provider, and when. */
export type Asked = {
  readonly providerId: string;
  readonly ask: Ask;
  readonly from: Minute;
  readonly to: Minute;
  readonly ignoreBooking?: string | undefined;
  /** What need not be kept; NONE unless told. */
  readonly leniency?: Leniency;
};

/** A calendar as lenient as it is asked, what is taken of it, and the question that an ask puts to both. */
export type Loaded = { readonly calendar: Calendar; readonly taken: Taken; readonly question: Question };

export type AskDeps = { readonly now: () => Temporal.Instant; readonly defaults: BookingRules };

/** Reads what an ask needs, in two statements, and puts the question. Errors: NOT_FOUND, and those of askCalendar. */
export async function loadQuestion(tx: Tx, deps: AskDeps, asked: Asked): Promise<Loaded> {
  const known = await loadCalendar(tx, asked.providerId, deps.defaults);
  if (!known) throw new PlatformError("NOT_FOUND", { name: `providers/${asked.providerId}` });
  const calendar = lenient(known, asked.leniency ?? "NONE");
  const taken = await reloadTaken(tx, calendar, asked);
  return { calendar, taken, question: questionOf(calendar, asked, taken, deps.now()) };
}

/** Reads again what is taken: somebody may have been faster. */
export async function reloadTaken(tx: Tx, calendar: Calendar, asked: Asked): Promise<Taken> {
  const all = await loadTaken(tx, [takenAskOf(calendar, unitsOf(calendar, asked.ask))], asked);
  const taken = all.get(calendar.providerId);
  if (!taken) throw new Error("a provider that was asked for is missing");
  return taken;
}

/** What has to be read of some units of a calendar. */
export function takenAskOf(calendar: Calendar, unitIds: readonly string[]): TakenAsk {
  return {
    providerId: calendar.providerId,
    unitIds,
    sessions: [...calendar.services.values()].some((service) => service.capacity > 1),
    limited: calendar.rules.limits.length > 0,
  };
}

/** The question that an ask puts to a calendar at a moment. Throws as askCalendar does. */
export function questionOf(calendar: Calendar, asked: Asked, taken: Taken, now: Temporal.Instant): Question {
  return makeQuestion(askCalendar(calendar, asked.ask, taken, asked, now.epochMilliseconds));
}
