-- Bookings and their history lie in a partition for each month of their id's time (BK-09). Ids are UUIDv7, whose first 48
-- bits are milliseconds since 1970: a month is a range of ids.
create function first_id_at(p_time timestamptz) returns uuid
language sql immutable strict parallel safe as $$
  select (lpad(to_hex(floor(extract(epoch from p_time) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Which partitions the month of an instant and so many months after it should have, by table and first day in UTC, of those
-- that are not there.
create function missing_partitions(p_now timestamptz, p_months int, out parent text, out month date) returns setof record
language sql stable set search_path from current as $$
  select t.parent, m.month
    from (values ('booking'), ('booking_history')) t(parent)
   cross join lateral (select (date_trunc('month', p_now at time zone 'UTC') + make_interval(months => i))::date
                         from generate_series(0, p_months) i) m(month)
   where to_regclass(quote_ident(t.parent || to_char(m.month, '"_"YYYY_MM'))) is null
   order by m.month, t.parent
$$;

-- Makes the partition of a month; false when it was there. What lies in the default partition meanwhile is taken along.
-- One for each transaction: writers wait for its lock of one table, and it must not wait for them with another's.
-- Its rights are the owner's, since services may not change the shape of their schema.
create function make_partition(p_parent text, p_month date) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  v_name text := p_parent || to_char(p_month, '"_"YYYY_MM');
  v_key text := case p_parent when 'booking' then 'id' when 'booking_history' then 'booking_id' end;
  v_from uuid := first_id_at(p_month::timestamp at time zone 'UTC');
  v_to uuid := first_id_at((p_month + interval '1 month') at time zone 'UTC');
begin
  if v_key is null or p_month <> date_trunc('month', p_month)::date then raise 'no partition of % by %', p_parent, p_month; end if;
  execute format('lock table %I in access exclusive mode', p_parent || '_default');
  if to_regclass(quote_ident(v_name)) is not null then return false; end if;
  execute format('create table %I (like %I including all)', v_name, p_parent);
  execute format('with moved as (delete from %I where %I >= $1 and %I < $2 returning *) insert into %I select * from moved',
                 p_parent || '_default', v_key, v_key, v_name) using v_from, v_to;
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', p_parent, v_name, v_from, v_to);
  return true;
end $$;
revoke execute on function make_partition from public;

select make_partition(parent, month) from missing_partitions(now(), 3);
