-- The platform's time, which drills may move away from the machine's; SQL that needs the time asks here.
create function clock_now() returns timestamptz
language sql volatile parallel safe
as $$
  select clock_timestamp() + coalesce(nullif(current_setting('dawr.clock_offset', true), '')::interval, interval '0')
$$;
comment on function clock_now() is 'the platform''s time: clock_timestamp() plus the setting dawr.clock_offset';

-- Answers already given, so that a request that is sent again gets the same one and changes nothing. Failures are not
-- kept: their transaction is gone.
create table idempotent_request (
  request_id uuid not null,
  actor text not null,
  method text not null,
  request_hash bytea not null,
  response bytea not null,
  expire_time timestamptz not null,
  primary key (request_id, actor, method)
);
create index idempotent_request_expiry on idempotent_request (expire_time);
comment on table idempotent_request is 'answers by request id; pruned by expire_time';

-- Waits for a request of the same id that is under way, then answers what is known of it. A function, because the look
-- must come after the wait: one statement would see the tables as they were before it.
create function begin_request(p_request_id uuid, p_actor text, p_method text)
returns table (request_hash bytea, response bytea)
language plpgsql volatile
as $$
begin
  perform pg_advisory_xact_lock(
    hashtextextended(concat_ws(' ', p_request_id, current_schema(), p_method, p_actor), 3));
  return query
    select r.request_hash, r.response from idempotent_request r
    where r.request_id = p_request_id and r.actor = p_actor and r.method = p_method and r.expire_time > clock_now();
end $$;

-- The key of each owner's personal data (an account, a provider), wrapped by the keys of the platform. Null once it was
-- destroyed: what it has encrypted is lost, and the owner gets no other one (ID-12).
create table data_key (
  owner text primary key,
  wrapped bytea
);

-- For tables that are watched: sets `change_xid xid8` at each write, so that who knows an earlier snapshot finds exactly
-- what has been committed since. `create trigger … before insert or update on … for each row execute function mark_change()`
create function mark_change() returns trigger
language plpgsql
as $$
begin
  new.change_xid := pg_current_xact_id();
  return new;
end $$;
