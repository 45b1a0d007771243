import type { Tx } from "@dawr/store";
import type { Taken } from "../domain/calendar.ts";
import type { CountedBooking, Session } from "../domain/question.ts";
import type { Busy } from "../domain/unit.ts";
import { DAY_MINUTES, type Minute } from "../domain/zone-line.ts";

export type TakenAsk = {
  readonly providerId: string;
  readonly unitIds: readonly string[];
  /** Whether group sessions matter: some service has more than one seat. */
  readonly sessions: boolean;
  /** Whether bookings are limited by date or week. */
  readonly limited: boolean;
};

export type TakenWindow = {
  readonly from: Minute;
  readonly to: Minute;
  /** The booking whose own reservation is as if it were not there. */
  readonly ignoreBooking?: string | undefined;
};

/** Reads what is taken at providers in a window and around it, lapsed holds left out, in one statement. */
export async function loadTaken(
  tx: Tx,
  asks: readonly TakenAsk[],
  { from, to, ignoreBooking }: TakenWindow,
): Promise<ReadonlyMap<string, Taken>> {
  // S10 counts the whole local date of a start; S8 its whole week.
  const margin = (asks.some((ask) => ask.limited) ? 9 : 3) * DAY_MINUTES;
  const [row] = await tx.query<Row>(statement, [
    asks.flatMap((ask) => ask.unitIds.map(() => ask.providerId)),
    asks.flatMap((ask) => ask.unitIds),
    isoOf(from - margin),
    isoOf(to + margin),
    ignoreBooking ?? null,
    asks.filter((ask) => ask.sessions).map((ask) => ask.providerId),
    asks.filter((ask) => ask.limited).map((ask) => ask.providerId),
  ]);
  const busy = new Map<string, readonly Busy[]>();
  for (const [unit, lanes, starts, ends, holders] of row?.busy ?? [])
    busy.set(
      unit,
      (lanes ?? []).map((lane, i) => ({
        lane,
        from: starts?.[i] ?? 0,
        to: ends?.[i] ?? 0,
        holder: holders?.[i] ?? "",
      })),
    );
  const sessions = row?.sessions ?? [];
  const bookings = row?.bookings ?? [];
  return new Map(
    asks.map(({ providerId }) => [
      providerId,
      {
        busy,
        sessions: sessions.filter((session) => session.providerId === providerId),
        bookings: bookings.filter((booking) => booking.providerId === providerId),
      },
    ]),
  );
}

/** Nothing taken at all: what there would be to book if nobody had. */
export const NOTHING_TAKEN: Taken = { busy: new Map(), sessions: [], bookings: [] };

/** An instant minute as PostgreSQL reads it. */
export function isoOf(minute: Minute): string {
  return Temporal.Instant.fromEpochMilliseconds(minute * 60_000).toString();
}

type OfProvider = { readonly providerId: string };
/** One unit's stretches, by column: a thousand rows as JSON would cost more than finding them. */
type Columns = readonly [string, Numbers, Numbers, Numbers, readonly string[] | null];
type Numbers = readonly number[] | null;
type Row = {
  readonly busy: readonly Columns[] | null;
  readonly sessions: readonly (Session & OfProvider)[] | null;
  readonly bookings: readonly (CountedBooking & OfProvider)[] | null;
};

const minutes = (instant: string) => `(date_part('epoch', ${instant}) / 60)::int`;
const ignored = `(select i.reservation_id from reservation i
                   where i.provider_id = any($1::uuid[]) and i.booking = $5 and i.state in ('HELD', 'FIRM'))`;
/** Group sessions in which nobody else has a seat: they go with whoever leaves them. */
const left = `(select own.unit_id from occupancy own
                where own.provider_id = any($1::uuid[]) and own.reservation_id in ${ignored}
                  and not exists (select from occupancy other
                     where other.provider_id = own.provider_id and other.unit_id = own.unit_id
                       and other.reservation_id not in ${ignored}
                       and (other.expires_at is null or other.expires_at > clock_now())))`;

const statement = `
  select
    (select json_agg(json_build_array(u.unit_id, o.lanes, o.starts, o.ends, o.holders))
       from unnest($1::uuid[], $2::uuid[]) as u(provider_id, unit_id)
       cross join lateral (
         select array_agg(lane) as lanes, array_agg(${minutes("lower(during)")}) as starts,
                array_agg(${minutes("upper(during)")}) as ends, array_agg(coalesce(reservation_id, session_id)) as holders
           from occupancy
          where unit_id = u.unit_id and during && tstzrange($3::timestamptz, $4::timestamptz)
            and provider_id = u.provider_id and (expires_at is null or expires_at > clock_now())
            and ($5::text is null or (coalesce(reservation_id not in ${ignored}, true)
                                      and coalesce(session_id not in ${left}, true)))) o) as busy,
    (select json_agg(json_build_object(
              'providerId', s.provider_id, 'id', s.session_id, 'serviceId', s.service_id, 'staffId', s.staff_id,
              'from', ${minutes("s.start_time")}, 'seats', s.seats, 'resourceIds', array_remove(s.unit_ids, s.staff_id),
              'taken', (select coalesce(json_agg(seat.lane order by seat.lane), '[]') from occupancy seat
                         where seat.provider_id = s.provider_id and seat.unit_id = s.session_id
                           and (seat.expires_at is null or seat.expires_at > clock_now())
                           and ($5::text is null or seat.reservation_id not in ${ignored}))))
       from group_session s
      where s.provider_id = any($6::uuid[]) and s.start_time >= $3::timestamptz and s.start_time < $4::timestamptz
        and ($5::text is null or s.session_id not in ${left})) as sessions,
    (select json_agg(json_build_object('providerId', r.provider_id, 'day', r.local_date - date '1970-01-01',
                                       'services', r.service_ids, 'staff', r.staff_ids))
       from reservation r
      where r.provider_id = any($7::uuid[]) and r.start_time >= $3::timestamptz and r.start_time < $4::timestamptz
        and r.state in ('HELD', 'FIRM') and (r.state = 'FIRM' or r.expires_at > clock_now())
        and r.booking is not null and r.booking is distinct from $5) as bookings`;
