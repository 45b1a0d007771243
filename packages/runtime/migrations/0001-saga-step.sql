-- The next steps of sagas: what has to be done next, outside any transaction.
create table saga_step (
  id uuid primary key,
  runner text not null,
  key text not null,
  name text not null,
  payload jsonb not null,
  traceparent text,
  -- By the platform's clock; null is at once.
  due_time timestamptz,
  attempts integer not null default 0,
  -- Which run has the step, and until when it is believed to live, by the database's own clock.
  claim uuid,
  claim_end_time timestamptz,
  last_error text,
  create_time timestamptz not null default clock_timestamp()
);

create index saga_step_due on saga_step (runner, due_time nulls first) where claim is null;
create index saga_step_claimed on saga_step (runner, claim_end_time) where claim is not null;
