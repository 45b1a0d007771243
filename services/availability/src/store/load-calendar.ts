import type { Tx } from "@dawr/store";
import type { BookingRules, Calendar, OwnHours, ResourceFacts, ServiceFacts, StaffFacts } from "../domain/calendar.ts";
import { CLOSED, makeSchedule, weekFrom } from "../domain/schedule.ts";
import type { TimeOff } from "../domain/unit.ts";
import { type ScheduleJson, scheduleFromJson } from "./schedule-json.ts";

/** Hears of a provider whose calendar is broken. */
export type OnBroken = (providerId: string, error: unknown) => void;

/**
 * Reads everything about providers but what is taken, in one statement; those that are not known are left out. One whose
 * calendar cannot be read is left out as well where somebody hears of it, and fails all where nobody does.
 */
export async function loadCalendars(
  tx: Tx,
  providerIds: readonly string[],
  defaults: BookingRules,
  onBroken?: OnBroken,
): Promise<ReadonlyMap<string, Calendar>> {
  const rows = await tx.query<Row>(statement, [providerIds]);
  const calendars = new Map<string, Calendar>();
  for (const row of rows) {
    try {
      calendars.set(row.provider_id, calendarOf(row, defaults));
    } catch (error) {
      if (onBroken === undefined) throw error;
      onBroken(row.provider_id, error);
    }
  }
  return calendars;
}

/** Reads everything about one provider but what is taken; nothing where it is not known. */
export async function loadCalendar(tx: Tx, providerId: string, defaults: BookingRules): Promise<Calendar | undefined> {
  return (await loadCalendars(tx, [providerId], defaults)).get(providerId);
}

function calendarOf(row: Row, defaults: BookingRules): Calendar {
  const schedules = new Map((row.schedules ?? []).map(({ owner, content }) => [owner, scheduleFromJson(content)]));
  const timeOff = new Map<string, TimeOff[]>();
  for (const { owner, id, reason, from, to } of row.time_off ?? []) {
    const list = timeOff.get(owner) ?? [];
    list.push({ id, reason, from, to });
    timeOff.set(owner, list);
  }
  const own = (id: string): OwnHours => ({ schedule: schedules.get(id), timeOff: timeOff.get(id) ?? [] });
  const units = row.units ?? [];
  return {
    providerId: row.provider_id,
    zone: row.zone,
    published: row.published,
    rules: { ...defaults, ...row.rules },
    schedule: schedules.get(row.provider_id) ?? ALWAYS_CLOSED,
    timeOff: timeOff.get(row.provider_id) ?? [],
    services: new Map((row.services ?? []).map(({ id, active, content }) => [id, { ...content, id, active }])),
    staff: units.flatMap((u) =>
      u.kind === "STAFF" ? [{ ...u.content, id: u.id, active: u.active, ...own(u.id) }] : [],
    ),
    resources: units.flatMap((u) =>
      u.kind === "RESOURCE" ? [{ ...u.content, id: u.id, active: u.active, ...own(u.id) }] : [],
    ),
  };
}

/** What the rows of services and units keep as JSON. */
export type ServiceContent = Omit<ServiceFacts, "id" | "active">;
export type StaffContent = Omit<StaffFacts, "id" | "active" | keyof OwnHours>;
export type ResourceContent = Omit<ResourceFacts, "id" | "active" | keyof OwnHours>;

type Row = {
  readonly provider_id: string;
  readonly zone: string;
  readonly published: boolean;
  readonly rules: Partial<BookingRules> | null;
  readonly services:
    | readonly { readonly id: string; readonly active: boolean; readonly content: ServiceContent }[]
    | null;
  readonly units:
    | readonly ({ readonly id: string; readonly active: boolean } & (
        | { readonly kind: "STAFF"; readonly content: StaffContent }
        | { readonly kind: "RESOURCE"; readonly content: ResourceContent }
      ))[]
    | null;
  readonly schedules: readonly { readonly owner: string; readonly content: ScheduleJson }[] | null;
  readonly time_off:
    | readonly {
        readonly owner: string;
        readonly id: string;
        readonly reason: string;
        readonly from: number;
        readonly to: number;
      }[]
    | null;
};

/** A provider that has not said when it is open is closed. */
const ALWAYS_CLOSED = makeSchedule({ week: weekFrom(new Map([[0, CLOSED]])) });

// Time off of the last weeks is enough: no window begins earlier than the longest service before now.
const statement = `
  select p.provider_id, p.zone, p.published,
    (select content from booking_rules where provider_id = p.provider_id) as rules,
    (select json_agg(json_build_object('id', service_id, 'active', active, 'content', content))
       from service where provider_id = p.provider_id) as services,
    (select json_agg(json_build_object('id', unit_id, 'kind', kind, 'active', active, 'content', content) order by unit_id)
       from unit where provider_id = p.provider_id) as units,
    (select json_agg(json_build_object('owner', owner_id, 'content', content))
       from schedule where provider_id = p.provider_id and content is not null) as schedules,
    (select json_agg(json_build_object('owner', owner_id, 'id', time_off_id, 'reason', content ->> 'reason',
                                       'from', floor(extract(epoch from lower(during)) / 60)::int,
                                       'to', ceil(extract(epoch from upper(during)) / 60)::int))
       from time_off where provider_id = p.provider_id and upper(during) > clock_now() - interval '30 days') as time_off
  from provider p where p.provider_id = any($1::uuid[])`;
