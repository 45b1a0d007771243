-- A merchant's charges. Of a card only what a receipt shows is kept.
create table charge (
  id text primary key,
  status text not null check (status in ('pending', 'requires_action', 'processing', 'authorized', 'succeeded', 'failed',
    'canceled')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount bigint not null check (amount > 0),
  amount_captured bigint not null default 0 check (amount_captured between 0 and amount),
  amount_refunded bigint not null default 0 check (amount_refunded between 0 and amount_captured),
  capture text not null check (capture in ('automatic', 'manual')),
  description text not null,
  locale text not null,
  metadata jsonb not null,
  return_url text,
  webhook_url text,
  expire_time timestamptz,
  -- What the card that was shown does, while a challenge or a delay is open.
  behaviour text,
  card_brand text,
  card_last4 text check (card_last4 ~ '^[0-9]{4}$'),
  failure_code text,
  create_time timestamptz not null,
  update_time timestamptz not null
);
create index charge_time on charge (create_time, id);
create index charge_metadata on charge using gin (metadata jsonb_path_ops);

create table refund (
  id text primary key,
  charge_id text not null references charge (id),
  status text not null check (status in ('pending', 'succeeded', 'failed')),
  amount bigint not null check (amount > 0),
  metadata jsonb not null,
  failure_code text,
  create_time timestamptz not null,
  update_time timestamptz not null
);
create index refund_charge on refund (charge_id, create_time);
create index refund_metadata on refund using gin (metadata jsonb_path_ops);

-- The first answer under an Idempotency-Key, given again to whoever repeats it.
create table idempotent_answer (
  key text primary key,
  fingerprint bytea not null,
  status int not null,
  body text not null,
  create_time timestamptz not null
);
create index idempotent_answer_time on idempotent_answer (create_time);

-- What merchants are told; sent until they answer with 2xx.
create table webhook_event (
  id text primary key,
  charge_id text not null,
  type text not null,
  url text not null,
  body text not null,
  attempts int not null default 0,
  last_result text,
  create_time timestamptz not null,
  deliver_time timestamptz,
  give_up_time timestamptz
);
create index webhook_event_charge on webhook_event (charge_id, create_time);
create index webhook_event_time on webhook_event (create_time);

-- The faults that are played, at most one plan.
create table fault_plan (
  id boolean primary key default true check (id),
  plan jsonb not null,
  update_time timestamptz not null
);

-- Mail as it came; numbered in the order of commit, so that a reader who asks "after" misses none.
create table message (
  number bigint generated always as identity primary key,
  id uuid not null unique,
  sender text not null,
  recipients text[] not null,
  subject text not null,
  body_text text not null,
  body_html text,
  attachments jsonb not null,
  size_bytes int not null,
  source bytea not null,
  receive_time timestamptz not null
);
create index message_recipients on message using gin (recipients);
create index message_time on message (receive_time);
