-- The two hot questions about waiting steps are functions because of enable_seqscan: connections keep the plans of statements,
-- and one made while there was nothing to do reads the whole table when there is a backlog. Each kind of step has a query of
-- its own, for its own index: together they would have none.

-- Takes steps for one look of one runner: first those whose runner died, then those that wait. A step that was begun goes on
-- whatever its time: the platform's clock may have been stepped back since.
create function saga_step_claim(p_runner text, p_limit integer, p_claim uuid, p_lease_ms float8, p_now timestamptz)
returns setof saga_step language plpgsql set enable_seqscan = off as $$
declare
  v_ids uuid[];
begin
  -- A claim that is lost in a crash of the database is no loss, so that nobody waits for the disk.
  perform set_config('synchronous_commit', 'off', true);
  v_ids := array(
    select id from saga_step where runner = p_runner and claim is not null and claim_end_time < clock_timestamp()
     order by claim_end_time limit p_limit for update skip locked);
  if cardinality(v_ids) < p_limit then
    v_ids := v_ids || array(
      select id from saga_step where runner = p_runner and claim is null and due_time is null
       limit p_limit - cardinality(v_ids) for update skip locked);
  end if;
  if cardinality(v_ids) < p_limit then
    v_ids := v_ids || array(
      select id from saga_step where runner = p_runner and claim is null and due_time <= p_now
       order by due_time limit p_limit - cardinality(v_ids) for update skip locked);
  end if;
  if cardinality(v_ids) = 0 then return; end if;
  return query
    update saga_step s
       set claim = p_claim, claim_end_time = clock_timestamp() + p_lease_ms * interval '1 millisecond', attempts = s.attempts + 1
     where s.id = any (v_ids)
    returning s.*;
end
$$;

-- One look of a runner: the steps it takes and, when it could have taken more, when it has to look again: whether a step waits
-- and its time, and in how many milliseconds the first claim ends.
create function saga_step_look(p_runner text, p_limit integer, p_claim uuid, p_lease_ms float8, p_now timestamptz,
                               out steps jsonb, out waits boolean, out due timestamptz, out ends_in_ms float8)
language plpgsql set enable_seqscan = off as $$
begin
  select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'key', c.key, 'name', c.name, 'payload', c.payload,
                                               'attempts', c.attempts, 'traceparent', c.traceparent)), '[]')
    into steps from saga_step_claim(p_runner, p_limit, p_claim, p_lease_ms, p_now) c;
  if jsonb_array_length(steps) = p_limit then return; end if;
  select true, s.due_time into waits, due from saga_step s
   where s.runner = p_runner and s.claim is null order by s.due_time nulls first limit 1;
  select (extract(epoch from min(s.claim_end_time) - clock_timestamp()) * 1000)::float8 into ends_in_ms
    from saga_step s where s.runner = p_runner and s.claim is not null;
end
$$;

-- Ends a step (without a time) or keeps it for a time, for the claim that still has it; raises DW001 where another one has,
-- so that whatever else the transaction has done is undone.
create function saga_step_settle(p_id uuid, p_claim uuid, p_due timestamptz) returns void
language plpgsql as $$
begin
  if p_due is null then
    delete from saga_step where id = p_id and claim = p_claim;
  else
    update saga_step set due_time = p_due, attempts = 0, claim = null, claim_end_time = null, last_error = null
     where id = p_id and claim = p_claim;
  end if;
  if not found then raise exception 'step % is no longer in these hands', p_id using errcode = 'DW001'; end if;
end
$$;

-- A queue is small and churns: vacuum by number of dead rows, and without truncation, whose exclusive lock would stop the
-- writers and after which plans would take the table for an empty one.
alter table saga_step set (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 10000,
  vacuum_truncate = false
);
