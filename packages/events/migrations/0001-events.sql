-- Events that this service has published in its transactions and nobody has taken over yet; a row is deleted once the
-- bus has it. Within a key, position is the order of publishing: whoever appends holds the lock of its aggregate.
create table outbox (
  position bigint generated always as identity primary key,
  id uuid not null,
  type text not null,
  subject text not null,
  key text not null,
  sequence bigint not null check (sequence > 0),
  time timestamptz not null,
  traceparent text,
  data bytea not null
);
comment on table outbox is 'events not yet handed to the bus, oldest first; deleted once delivered';
-- A queue is small and churns: vacuum by number of dead rows, never by a share of a table that is empty by then, at
-- full speed, and without truncation, whose exclusive lock would stop the writers.
alter table outbox set (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 20000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 20000,
  autovacuum_vacuum_cost_delay = 0,
  vacuum_truncate = false,
  toast.autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 2000,
  toast.autovacuum_vacuum_cost_delay = 0,
  toast.vacuum_truncate = false
);

-- Who may relay: one holder at a time. The epoch grows with each holder, so that one who was frozen and comes back
-- after losing the lease can be told from the present one. Times are the database's own.
create table relay_lease (
  name text primary key,
  epoch bigint not null,
  holder uuid not null,
  expire_time timestamptz not null
);
comment on table relay_lease is 'leadership of this service''s relay';

-- The relay's two hot statements are functions because of enable_seqscan: connections keep the plans of statements, and one
-- made while the outbox was empty reads the whole table when it is not.

-- The oldest events but those at known positions and those of full keys.
create function outbox_read(known bigint[], full_keys text[], max_rows integer) returns setof outbox
language plpgsql stable set enable_seqscan = off as $$
begin
  return query
    select o.* from outbox o
    where o.position <> all (known) and o.key <> all (full_keys)
    order by o.position
    limit max_rows;
end
$$;

-- Deletes delivered events for the holder of an epoch; false if the epoch is over, and then nothing is deleted.
create function outbox_delete(positions bigint[], held_epoch bigint) returns boolean
language plpgsql set enable_seqscan = off as $$
begin
  -- What is not deleted after a crash is delivered again, and known to the inbox: nobody waits for the disk.
  perform set_config('synchronous_commit', 'off', true);
  perform from relay_lease where name = 'outbox' and epoch = held_epoch;
  if not found then
    return false;
  end if;
  delete from outbox where position = any (positions);
  return true;
end
$$;

-- What a consumer has received (applied, or parked as a dead letter), written in the transaction of the effect. Ids are
-- UUIDv7, so the primary key is also the order of time in which rows are pruned.
create table inbox (
  consumer text not null,
  event_id uuid not null,
  primary key (consumer, event_id)
);
comment on table inbox is 'events that a consumer has received; pruned by age';
alter table inbox set (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_vacuum_insert_threshold = 20000
);

-- How far a projection has come with each key: the newest version that it has applied, and the events of that version.
create table projection (
  consumer text not null,
  key text not null,
  sequence bigint not null,
  event_ids uuid[] not null,
  primary key (consumer, key)
) with (fillfactor = 80);
comment on table projection is 'newest version of each aggregate that a projection has applied';

-- Events that a consumer could not apply, and later ones of the same key that wait behind them.
create table dead_letter (
  position bigint generated always as identity primary key,
  consumer text not null,
  event_id uuid not null,
  type text not null,
  source text not null,
  subject text not null,
  key text not null,
  sequence bigint not null,
  time timestamptz not null,
  traceparent text,
  data bytea not null,
  -- How often it was tried; 0 for an event that only waits behind another.
  attempts integer not null,
  error text,
  park_time timestamptz not null default clock_now(),
  unique (consumer, event_id)
);
create index dead_letter_by_key on dead_letter (consumer, key, position);
comment on table dead_letter is 'events that wait for a person, in order within a consumer and key';
