-- Notes for subscribers and the publisher that a stretch of a provider's time changed; whoever calls what calls this wakes them.
create function tell_change(p_provider uuid, p_from timestamptz, p_to timestamptz) returns void
language plpgsql as $$
begin
  insert into availability_change (provider_id, during, change_time)
    values (p_provider, tstzrange(p_from, p_to, '[]'), clock_now());
end $$;

-- A session lives as long as any seat does: its rows expire with the last seat, or go with it.
create function refresh_sessions(p_provider uuid, p_sessions uuid[]) returns void
language plpgsql as $$
declare
  s uuid;
  v_seats integer;
  v_firm boolean;
  v_expires timestamptz;
begin
  for s in select session_id from group_session
            where provider_id = p_provider and session_id = any(p_sessions) order by session_id for update loop
    select count(*), bool_or(expires_at is null), max(expires_at) into v_seats, v_firm, v_expires
      from occupancy where provider_id = p_provider and unit_id = s;
    if v_seats = 0 then
      delete from occupancy where provider_id = p_provider and session_id = s;
      delete from group_session where provider_id = p_provider and session_id = s;
    else
      update occupancy set expires_at = case when v_firm then null else v_expires end
        where provider_id = p_provider and session_id = s
          and expires_at is distinct from case when v_firm then null else v_expires end;
    end if;
  end loop;
end $$;

-- Takes away what a reservation occupies; its sessions follow.
create function vacate(p_provider uuid, p_reservations uuid[]) returns void
language plpgsql as $$
declare
  v_units uuid[];
begin
  with gone as (
    delete from occupancy where provider_id = p_provider and reservation_id = any(p_reservations) returning unit_id
  ) select array_agg(distinct unit_id) into v_units from gone;
  perform refresh_sessions(p_provider, v_units);
end $$;

-- Ends holds whose time is over, and answers those that this call ended. One that somebody else is at is left to them:
-- who inserts waits for what they delete, and waiting here too could make a circle.
create function lapse(p_provider uuid, p_reservations uuid[]) returns uuid[]
language plpgsql as $$
declare
  v_lapsed uuid[];
begin
  select array_agg(reservation_id) into v_lapsed from (
    select reservation_id from reservation
     where provider_id = p_provider and reservation_id = any(p_reservations)
       and state = 'HELD' and expires_at <= clock_now()
     order by reservation_id for update skip locked) due;
  if v_lapsed is null then return '{}'; end if;
  update reservation set state = 'LAPSED', expires_at = null, version = version + 1, update_time = clock_now()
    where provider_id = p_provider and reservation_id = any(v_lapsed);
  perform vacate(p_provider, v_lapsed);
  perform tell_change(p_provider, r.start_time, r.end_time)
    from reservation r where r.provider_id = p_provider and r.reservation_id = any(v_lapsed);
  return v_lapsed;
end $$;

-- Inserts stretches in one order for everybody. Answers whether all of them were free.
-- ON CONFLICT DO NOTHING waits for rivals and then skips, where a plain insert would deadlock.
create function occupy(p_provider uuid, p_reservation uuid, p_expires timestamptz,
                       p_units uuid[], p_lanes integer[], p_from timestamptz[], p_to timestamptz[], p_sessions uuid[])
returns boolean language plpgsql as $$
declare
  v_inserted integer;
begin
  insert into occupancy (provider_id, unit_id, lane, during, reservation_id, session_id, expires_at)
    select p_provider, c.unit_id, c.lane, tstzrange(c.starts, c.ends, '[)'),
           case when c.session_id is null then p_reservation end, c.session_id, p_expires
      from unnest(p_units, p_lanes, p_from, p_to, p_sessions) as c(unit_id, lane, starts, ends, session_id)
     order by c.unit_id, c.lane, c.starts
    on conflict do nothing;
  get diagnostics v_inserted = row_count;
  return v_inserted = cardinality(p_units);
end $$;

-- Which reservations stand in the way of stretches: those whose time is over, and whether any other does.
-- One look-up per stretch: a join is at the mercy of the planner's guesses, and most bookings have two or three.
create function in_the_way(p_provider uuid, p_units uuid[], p_lanes integer[], p_from timestamptz[], p_to timestamptz[],
                           out live boolean, out lapsed uuid[])
language plpgsql as $$
declare
  v_now timestamptz := clock_now();
  o record;
begin
  live := false;
  for i in 1 .. cardinality(p_units) loop
    for o in select b.reservation_id, b.session_id, b.expires_at from occupancy b
              where b.unit_id = p_units[i] and b.lane = p_lanes[i] and b.provider_id = p_provider
                and b.during && tstzrange(p_from[i], p_to[i], '[)') loop
      if o.expires_at is null or o.expires_at > v_now then
        live := true;
      elsif o.reservation_id is not null then
        lapsed := lapsed || o.reservation_id;
      else
        lapsed := lapsed || array(select seat.reservation_id from occupancy seat
                                   where seat.provider_id = p_provider and seat.unit_id = o.session_id);
      end if;
    end loop;
  end loop;
end $$;

-- Whether a limit on bookings per local date or ISO week is reached, not counting one reservation, nor what is blocked.
-- Callers hold the lock of provider and week while they count and insert. (S8)
create function reaches_limit(p_provider uuid, p_date date, p_limits jsonb, p_but uuid) returns boolean
language plpgsql as $$
begin
  return exists (
    select from jsonb_to_recordset(p_limits) as l(kind text, id uuid, "perDay" integer, "perWeek" integer)
     cross join lateral (
       select count(*) filter (where r.local_date = p_date) as on_day, count(*) as in_week
         from reservation r
        where r.provider_id = p_provider
          -- By instant, for the index; the local week lies within these ten days in every zone.
          and r.start_time >= date_trunc('week', p_date)::date - 1 and r.start_time < date_trunc('week', p_date)::date + 9
          and r.state in ('HELD', 'FIRM') and (r.state = 'FIRM' or r.expires_at > clock_now())
          and r.local_date >= date_trunc('week', p_date)::date and r.local_date < date_trunc('week', p_date)::date + 7
          and r.booking is not null and r.reservation_id is distinct from p_but
          and (l.kind = 'PROVIDER' or (l.kind = 'SERVICE' and l.id = any(r.service_ids))
               or (l.kind = 'STAFF' and l.id = any(r.staff_ids)))
     ) counted
     where counted.on_day >= l."perDay" or counted.in_week >= l."perWeek");
end $$;

create function lock_week(p_provider uuid, p_date date) returns void
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_provider::text || date_trunc('week', p_date)::text, 1));
end $$;

create function lock_units(p_units uuid[]) returns void
language plpgsql as $$
declare
  k bigint;
begin
  for k in select distinct hashtextextended(u::text, 2) from unnest(p_units) u order by 1 loop
    perform pg_advisory_xact_lock(k);
  end loop;
end $$;

-- Opens the group sessions that a booking needs, and keeps joined ones from going while their seats are taken.
-- Answers whether all joined sessions are still there; when one is not, none is opened: a session without the rows of its
-- staff member and rooms could be joined, and would keep nobody from booking them a second time. (S9)
create function open_sessions(p_provider uuid, p_new jsonb, p_joined uuid[]) returns boolean
language plpgsql as $$
declare
  v_there integer;
begin
  perform 1 from group_session where provider_id = p_provider and session_id = any(p_joined) order by session_id for update;
  get diagnostics v_there = row_count;
  if v_there < cardinality(p_joined) then return false; end if;
  insert into group_session (provider_id, session_id, service_id, staff_id, start_time, end_time, seats, unit_ids)
    select p_provider, s.session_id, s.service_id, s.staff_id, s.start_time, s.end_time, s.seats, s.unit_ids
      from jsonb_to_recordset(p_new) as s(session_id uuid, service_id uuid, staff_id uuid,
                                          start_time timestamptz, end_time timestamptz, seats integer, unit_ids uuid[]);
  return true;
end $$;

-- Takes the lowest free seats of sessions that are locked. Answers whether each had enough.
create function take_seats(p_provider uuid, p_reservation uuid, p_expires timestamptz, p_sessions uuid[], p_party integer)
returns boolean language plpgsql as $$
declare
  v_taken integer;
begin
  for i in 1 .. cardinality(p_sessions) loop
    perform lapse(p_provider, array(select reservation_id from occupancy
      where provider_id = p_provider and unit_id = p_sessions[i] and expires_at <= clock_now()));
    insert into occupancy (provider_id, unit_id, lane, during, reservation_id, expires_at)
      select p_provider, s.session_id, seat, tstzrange(s.start_time, s.end_time, '[)'), p_reservation, p_expires
        from group_session s cross join generate_series(1, s.seats) as seat
       where s.provider_id = p_provider and s.session_id = p_sessions[i]
         and not exists (select from occupancy o where o.unit_id = s.session_id and o.lane = seat
                            and o.provider_id = p_provider and o.during && tstzrange(s.start_time, s.end_time, '[)'))
       order by seat limit p_party
      on conflict do nothing;
    get diagnostics v_taken = row_count;
    if v_taken < p_party then return false; end if;
  end loop;
  return true;
end $$;

-- Holds time for a booking: all stretches or none. Status RESERVED, TAKEN, LIMIT, or ALREADY when the booking has time.
-- Lapsed holds in the way end here, so that the next caller wins without a sweeper. (AV-03)
create function reserve(
  p_provider uuid, p_reservation uuid, p_booking text, p_expires timestamptz,
  p_start timestamptz, p_end timestamptz, p_date date, p_services uuid[], p_staff uuid[], p_items jsonb,
  p_party integer, p_hot boolean, p_discount integer,
  p_units uuid[], p_lanes integer[], p_from timestamptz[], p_to timestamptz[], p_sessions uuid[],
  p_new_sessions jsonb, p_joined uuid[], p_limits jsonb, p_override boolean,
  out status text, out token bigint, out lapsed uuid[], out at timestamptz)
language plpgsql as $$
declare
  v_live boolean;
  v_lapsed uuid[];
begin
  lapsed := '{}';
  at := clock_now();
  if jsonb_array_length(p_limits) > 0 then
    perform lock_week(p_provider, p_date);
    if reaches_limit(p_provider, p_date, p_limits, null) then status := 'LIMIT'; return; end if;
  end if;
  select w.live, w.lapsed into v_live, v_lapsed from in_the_way(p_provider, p_units, p_lanes, p_from, p_to) w;
  if v_live then status := 'TAKEN'; return; end if;
  -- The booking's own last hold may be over, and then makes room for this one wherever it was.
  v_lapsed := v_lapsed || array(select reservation_id from reservation
    where provider_id = p_provider and booking = p_booking and state in ('HELD', 'FIRM') and expires_at <= clock_now());
  if v_lapsed is not null and v_lapsed <> '{}' then
    perform lock_units(p_units);
    lapsed := lapse(p_provider, v_lapsed);
  end if;
  if (cardinality(p_joined) > 0 or p_new_sessions <> '[]') and not open_sessions(p_provider, p_new_sessions, p_joined) then
    status := 'TAKEN'; return;
  end if;
  token := nextval('fencing_token');
  insert into reservation (provider_id, reservation_id, state, fencing_token, booking, start_time, end_time, local_date,
                           service_ids, staff_ids, items, party_size, hot, discount_percent, expires_at, override_time,
                           create_time, update_time)
    values (p_provider, p_reservation, case when p_expires is null then 'FIRM' else 'HELD' end, token, p_booking,
            p_start, p_end, p_date, p_services, p_staff, p_items, p_party, p_hot, p_discount, p_expires,
            case when p_override then at end, at, at)
    on conflict do nothing;
  if not found then
    status := 'ALREADY';
  elsif occupy(p_provider, p_reservation, p_expires, p_units, p_lanes, p_from, p_to, p_sessions)
        and take_seats(p_provider, p_reservation, p_expires, p_joined, p_party) then
    status := 'RESERVED';
    if cardinality(p_joined) > 0 then perform refresh_sessions(p_provider, p_joined); end if;
    perform tell_change(p_provider, p_start, p_end);
    return;
  else
    status := 'TAKEN';
    delete from reservation where provider_id = p_provider and reservation_id = p_reservation;
    delete from occupancy where provider_id = p_provider and reservation_id = p_reservation;
  end if;
  -- What did go in makes room again; nothing else has been written but what lapsed.
  if p_new_sessions <> '[]' then
    delete from occupancy o using jsonb_to_recordset(p_new_sessions) as s(session_id uuid)
      where o.provider_id = p_provider and o.session_id = s.session_id;
    delete from group_session g using jsonb_to_recordset(p_new_sessions) as s(session_id uuid)
      where g.provider_id = p_provider and g.session_id = s.session_id;
  end if;
end $$;

-- Locks a reservation and checks the token that the caller shows. Status OK, NOT_FOUND, STALE, LAPSED, or ENDED.
create function check_reservation(p_provider uuid, p_reservation uuid, p_token bigint,
                                  out status text, out held reservation)
language plpgsql as $$
begin
  select * into held from reservation r
   where r.provider_id = p_provider and r.reservation_id = p_reservation for update;
  status := case
    when held.reservation_id is null then 'NOT_FOUND'
    when held.fencing_token <> p_token then 'STALE'
    when held.state = 'LAPSED' or (held.state = 'HELD' and held.expires_at <= clock_now()) then 'LAPSED'
    when held.state = 'RELEASED' then 'ENDED'
    else 'OK' end;
end $$;

-- Makes a hold firm. A hold whose time is over stays lost, even if nobody took its time.
create function confirm_reservation(p_provider uuid, p_reservation uuid, p_token bigint, out status text)
language plpgsql as $$
declare
  v_check record;
  v_found reservation;
  v_sessions uuid[];
begin
  select * into v_check from check_reservation(p_provider, p_reservation, p_token);
  status := v_check.status;
  v_found := v_check.held;
  if status <> 'OK' or v_found.state = 'FIRM' then return; end if;
  update reservation set state = 'FIRM', expires_at = null, version = version + 1, update_time = clock_now()
    where provider_id = p_provider and reservation_id = p_reservation;
  with firm as (
    update occupancy set expires_at = null
      where provider_id = p_provider and reservation_id = p_reservation returning unit_id
  ) select array_agg(unit_id) into v_sessions from firm;
  perform refresh_sessions(p_provider, v_sessions);
end $$;

-- Gives time up. Releasing what has lapsed or was released already is no error.
create function release_reservation(p_provider uuid, p_reservation uuid, p_token bigint, out status text)
language plpgsql as $$
declare
  v_check record;
  v_found reservation;
begin
  select * into v_check from check_reservation(p_provider, p_reservation, p_token);
  status := v_check.status;
  v_found := v_check.held;
  if status in ('NOT_FOUND', 'STALE') or v_found.state in ('RELEASED', 'LAPSED') then return; end if;
  status := 'OK';
  update reservation set state = 'RELEASED', expires_at = null, version = version + 1, update_time = clock_now()
    where provider_id = p_provider and reservation_id = p_reservation;
  perform vacate(p_provider, array[p_reservation]);
  perform tell_change(p_provider, v_found.start_time, v_found.end_time);
end $$;

-- Moves a reservation: under the locks of all units and sessions, old and new, the old stretches go and the new ones come.
-- When the new ones are not free the caller rolls back, and so keeps the old. A new token makes the old one stale.
create function move_reservation(
  p_provider uuid, p_reservation uuid, p_token bigint,
  p_start timestamptz, p_end timestamptz, p_date date, p_services uuid[], p_staff uuid[], p_items jsonb,
  p_party integer, p_hot boolean, p_discount integer,
  p_units uuid[], p_lanes integer[], p_from timestamptz[], p_to timestamptz[], p_sessions uuid[],
  p_new_sessions jsonb, p_joined uuid[], p_limits jsonb, p_override boolean,
  out status text, out token bigint, out lapsed uuid[], out at timestamptz)
language plpgsql as $$
declare
  v_check record;
  v_old reservation;
  v_expires timestamptz;
  v_units uuid[];
  v_live boolean;
  v_lapsed uuid[];
begin
  lapsed := '{}';
  at := clock_now();
  if jsonb_array_length(p_limits) > 0 then perform lock_week(p_provider, p_date); end if;
  v_units := p_units || p_joined || array(select o.unit_id from occupancy o
    where o.provider_id = p_provider and o.reservation_id = p_reservation);
  perform lock_units(v_units);
  -- In the order in which whoever joins several sessions locks them.
  perform 1 from group_session where provider_id = p_provider and session_id = any(v_units) order by session_id for update;
  select * into v_check from check_reservation(p_provider, p_reservation, p_token);
  status := v_check.status;
  v_old := v_check.held;
  if status <> 'OK' then return; end if;
  if jsonb_array_length(p_limits) > 0 and reaches_limit(p_provider, p_date, p_limits, p_reservation) then
    status := 'LIMIT'; return;
  end if;
  v_expires := v_old.expires_at;
  perform vacate(p_provider, array[p_reservation]);
  select w.live, w.lapsed into v_live, v_lapsed from in_the_way(p_provider, p_units, p_lanes, p_from, p_to) w;
  if v_live then status := 'TAKEN'; return; end if;
  if v_lapsed is not null then lapsed := lapse(p_provider, v_lapsed); end if;
  if not open_sessions(p_provider, p_new_sessions, p_joined)
     or not occupy(p_provider, p_reservation, v_expires, p_units, p_lanes, p_from, p_to, p_sessions)
     or not take_seats(p_provider, p_reservation, v_expires, p_joined, p_party) then
    status := 'TAKEN'; return;
  end if;
  token := nextval('fencing_token');
  update reservation set fencing_token = token, start_time = p_start, end_time = p_end, local_date = p_date,
      service_ids = p_services, staff_ids = p_staff, items = p_items, party_size = p_party, hot = p_hot,
      discount_percent = p_discount, override_time = case when p_override then at end,
      version = version + 1, update_time = at
    where provider_id = p_provider and reservation_id = p_reservation;
  perform refresh_sessions(p_provider, p_joined);
  perform tell_change(p_provider, v_old.start_time, v_old.end_time);
  perform tell_change(p_provider, p_start, p_end);
  status := 'RESERVED';
end $$;

-- Blocks a stretch of a staff member or resource, all its lanes, as a firm reservation without a booking. Status RESERVED,
-- TAKEN when something is there already, or UNKNOWN for a unit that is not. TAKEN asks the caller to roll back. (BK-10)
create function block_time(p_provider uuid, p_reservation uuid, p_unit uuid, p_from timestamptz, p_to timestamptz,
                           p_reason text, out status text, out lapsed uuid[])
language plpgsql as $$
declare
  v_units uuid[];
  v_lanes integer[];
  v_starts timestamptz[];
  v_ends timestamptz[];
  v_live boolean;
  v_lapsed uuid[];
begin
  lapsed := '{}';
  select array_agg(p_unit), array_agg(lane), array_agg(p_from), array_agg(p_to) into v_units, v_lanes, v_starts, v_ends
    from unit u cross join generate_series(1, coalesce((u.content ->> 'capacity')::integer, 1)) as lane
   where u.provider_id = p_provider and u.unit_id = p_unit;
  if v_units is null then status := 'UNKNOWN'; return; end if;
  select w.live, w.lapsed into v_live, v_lapsed from in_the_way(p_provider, v_units, v_lanes, v_starts, v_ends) w;
  if v_live then status := 'TAKEN'; return; end if;
  if v_lapsed is not null then
    perform lock_units(v_units);
    lapsed := lapse(p_provider, v_lapsed);
  end if;
  insert into reservation (provider_id, reservation_id, state, fencing_token, blocked_unit_id, block_reason, start_time,
                           end_time, local_date, service_ids, staff_ids, items, party_size, hot, discount_percent,
                           create_time, update_time)
    select p_provider, p_reservation, 'FIRM', nextval('fencing_token'), p_unit, p_reason, p_from, p_to,
           (p_from at time zone p.zone)::date, '{}', '{}', '[]', 0, false, 0, clock_now(), clock_now()
      from provider p where p.provider_id = p_provider;
  if not found then status := 'UNKNOWN'; return; end if;
  if not occupy(p_provider, p_reservation, null, v_units, v_lanes, v_starts, v_ends, array_fill(null::uuid, array[cardinality(v_units)])) then
    status := 'TAKEN'; return;
  end if;
  perform tell_change(p_provider, p_from, p_to);
  status := 'RESERVED';
end $$;
