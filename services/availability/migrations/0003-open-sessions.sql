-- Opens the group sessions that a booking needs, and keeps joined ones from going while their seats are taken.
-- Answers whether all joined sessions are still there; when one is not, none is opened: a session without the rows of its
-- staff member and rooms could be joined, and would keep nobody from booking them a second time. (S9)
create or replace function open_sessions(p_provider uuid, p_new jsonb, p_joined uuid[]) returns boolean
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
