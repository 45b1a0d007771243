import type { Tx } from "@dawr/store";
import type { BookingRules } from "../domain/calendar.ts";
import type { Stretch } from "../domain/plan.ts";
import type { Schedule } from "../domain/schedule.ts";
import { type Day, dateOfDay } from "../domain/zone-line.ts";
import { changeChannel } from "./changes.ts";
import { isoOf } from "./load-taken.ts";
import type { ReservedItem } from "./reservations.ts";
import { scheduleToJson } from "./schedule-json.ts";

export type ImportedSchedule = {
  readonly providerId: string;
  readonly ownerId: string;
  readonly schedule: Schedule | undefined;
};
export type ImportedRules = { readonly providerId: string; readonly rules: BookingRules };
export type ImportedTimeOff = {
  readonly providerId: string;
  readonly id: string;
  readonly ownerId: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
};
export type ImportedReservation = {
  readonly providerId: string;
  readonly id: string;
  readonly booking: string;
  readonly from: string;
  readonly to: string;
  readonly day: Day;
  readonly items: readonly ReservedItem[];
  readonly party: number;
  readonly hot: boolean;
  readonly discountPercent: number;
  readonly stretches: readonly Stretch[];
};

/** Stores schedules in one statement; what is there already stays. */
export async function importSchedules(tx: Tx, schedules: readonly ImportedSchedule[]): Promise<void> {
  if (schedules.length === 0) return;
  await tx.query(
    `insert into schedule (provider_id, owner_id, version, content, update_time)
     select p, o, 1, c, clock_now() from unnest($1::uuid[], $2::uuid[], $3::jsonb[]) as s(p, o, c) on conflict do nothing`,
    [
      schedules.map((s) => s.providerId),
      schedules.map((s) => s.ownerId),
      schedules.map((s) => (s.schedule ? JSON.stringify(scheduleToJson(s.schedule)) : null)),
    ],
  );
}

export async function importRules(tx: Tx, rules: readonly ImportedRules[]): Promise<void> {
  if (rules.length === 0) return;
  await tx.query(
    `insert into booking_rules (provider_id, version, content, update_time)
     select p, 1, c, clock_now() from unnest($1::uuid[], $2::jsonb[]) as s(p, c) on conflict do nothing`,
    [rules.map((r) => r.providerId), rules.map((r) => JSON.stringify(r.rules))],
  );
}

export async function importTimeOff(tx: Tx, timeOff: readonly ImportedTimeOff[]): Promise<void> {
  if (timeOff.length === 0) return;
  await tx.query(
    `insert into time_off (provider_id, time_off_id, owner_id, during, content, create_time)
     select p, i, o, tstzrange(a, b, '[)'), jsonb_build_object('reason', r), clock_now()
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::text[]) as t(p, i, o, a, b, r)
     on conflict do nothing`,
    [
      timeOff.map((t) => t.providerId),
      timeOff.map((t) => t.id),
      timeOff.map((t) => t.ownerId),
      timeOff.map((t) => t.from),
      timeOff.map((t) => t.to),
      timeOff.map((t) => t.reason),
    ],
  );
}

/** Stores firm reservations in two statements; their token is 1, which booking's own import knows. Throws when two of them overlap: an import that contradicts itself is wrong. */
export async function importReservations(tx: Tx, reservations: readonly ImportedReservation[]): Promise<void> {
  if (reservations.length === 0) return;
  await tx.query(
    `insert into reservation (provider_id, reservation_id, state, fencing_token, booking, start_time, end_time, local_date,
                              service_ids, staff_ids, items, party_size, hot, discount_percent, create_time, update_time)
     select p, i, 'FIRM', 1, b, f, t, d,
            array(select distinct (item ->> 'serviceId')::uuid from jsonb_array_elements(j) item),
            array(select distinct (item ->> 'staffId')::uuid from jsonb_array_elements(j) item),
            j, n, h, c, clock_now(), clock_now()
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::date[], $7::jsonb[],
                   $8::integer[], $9::boolean[], $10::integer[]) as r(p, i, b, f, t, d, j, n, h, c)`,
    [
      reservations.map((r) => r.providerId),
      reservations.map((r) => r.id),
      reservations.map((r) => r.booking),
      reservations.map((r) => r.from),
      reservations.map((r) => r.to),
      reservations.map((r) => dateOfDay(r.day).toString()),
      reservations.map((r) => JSON.stringify(r.items)),
      reservations.map((r) => r.party),
      reservations.map((r) => r.hot),
      reservations.map((r) => r.discountPercent),
    ],
  );
  const rows = reservations.flatMap((r) =>
    r.stretches.map((stretch) => ({ ...stretch, providerId: r.providerId, id: r.id })),
  );
  const [inserted] = await tx.query<{ count: number }>(
    `with added as (
       insert into occupancy (provider_id, unit_id, lane, during, reservation_id)
       select p, u, l, tstzrange(f, t, '[)'), i
         from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::timestamptz[], $6::uuid[]) as o(p, u, l, f, t, i)
       on conflict do nothing returning 1)
     select count(*)::int as count from added`,
    [
      rows.map((r) => r.providerId),
      rows.map((r) => r.unitId),
      rows.map((r) => r.lane),
      rows.map((r) => isoOf(r.from)),
      rows.map((r) => isoOf(r.to)),
      rows.map((r) => r.id),
    ],
  );
  const lost = rows.length - (inserted?.count ?? 0);
  if (lost > 0) throw new Error(`${lost} of ${rows.length} imported stretches of time overlap others`);
}

/** Lets the publisher tell the availability of providers for the first time, in one statement. */
export async function tellImported(tx: Tx, providerIds: readonly string[]): Promise<void> {
  await tx.query(
    `insert into availability_change (provider_id, during, change_time)
     select p, tstzrange(clock_now(), clock_now() + interval '3 years'), clock_now() from unnest($1::uuid[]) as p`,
    [providerIds],
  );
  tx.notify(changeChannel);
}
