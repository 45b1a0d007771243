-- Bookings spread by provider, and by time through their UUIDv7 id: a reschedule moves no row (BK-09).
create table booking (
  provider_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  version bigint not null check (version >= 1),
  state text not null check (state in ('HELD', 'PENDING_PAYMENT', 'PENDING_APPROVAL', 'CONFIRMED', 'CHECKED_IN',
    'COMPLETED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'RELEASED', 'NO_SHOW')),
  payment_state text not null check (payment_state in ('NONE', 'PENDING', 'PAID', 'FAILED', 'REFUNDING', 'REFUNDED')),
  start_time timestamptz not null,
  end_time timestamptz not null check (end_time > start_time),
  time_zone text not null,
  party_size int not null check (party_size >= 1),
  items jsonb not null,
  reservation_name text not null,
  fencing_token bigint not null,
  hold_expire_time timestamptz not null,
  price jsonb,
  policy jsonb,
  payment_method text check (payment_method in ('ONLINE', 'CASH')),
  payment_name text,
  pay_url text,
  pay_time timestamptz,
  refund_minor bigint check (refund_minor >= 0),
  expire_reason text,
  cancellation jsonb,
  confirm_time timestamptz,
  create_time timestamptz not null,
  update_time timestamptz not null,
  change_xid xid8 not null default pg_current_xact_id(),
  primary key (provider_id, id)
) partition by range (id);

create table booking_default partition of booking default;

create index booking_customer on booking (customer_id, id desc);
create index booking_customer_change on booking (customer_id, change_xid);
create index booking_provider_change on booking (provider_id, change_xid);
-- What a provider's stream starts with: what is not long over.
create index booking_provider_end on booking (provider_id, end_time);
-- What waits for its hold to end: the timer's next deadline, and the caps on live holds.
create index booking_waiting on booking (hold_expire_time)
  where state in ('HELD', 'PENDING_PAYMENT', 'PENDING_APPROVAL') and payment_state <> 'PAID';

create table booking_history (
  provider_id uuid not null,
  booking_id uuid not null,
  version bigint not null,
  from_state text not null,
  state text not null,
  changed_by text not null,
  reason text not null,
  change_time timestamptz not null,
  primary key (provider_id, booking_id, version)
);
comment on table booking_history is 'append-only: each change of a booking, with who, when and why (BK-01)';

-- A slot is about to be reserved for somebody: what gives the booking its id before availability is asked, so that a
-- repeated request asks for the same, and what the caps on live holds count before the booking is there.
create table hold_attempt (
  actor text not null,
  request_id uuid not null,
  booking_id uuid not null,
  account_id uuid not null,
  -- A keyed hash of the caller's network address.
  address_hash bytea not null,
  -- Until when it counts against the caps.
  live_until timestamptz not null,
  -- Until when a repeated request finds its booking's id: as long as availability may hold the slot for it.
  expire_time timestamptz not null,
  primary key (actor, request_id)
);
create unique index hold_attempt_booking on hold_attempt (booking_id);
create index hold_attempt_account on hold_attempt (account_id, live_until);
create index hold_attempt_address on hold_attempt (address_hash, live_until);
create index hold_attempt_expire on hold_attempt (expire_time);

-- The terms of which a payment was asked for: stored before it is, so that whatever becomes of the answer, a booking has
-- one payment of one amount. Gone when the booking is no longer held.
create table payment_start (
  booking_id uuid primary key,
  quote text not null,
  start_time timestamptz not null
);

create table policy (
  provider_id uuid primary key,
  version bigint not null check (version >= 1),
  free_window_minutes int not null check (free_window_minutes between 0 and 43200),
  late_penalty_percent int not null check (late_penalty_percent between 0 and 100),
  no_show_penalty_percent int not null check (no_show_penalty_percent between 0 and 100),
  accepts_cash boolean not null,
  update_time timestamptz not null
);
