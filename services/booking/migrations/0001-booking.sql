-- Bookings spread by provider, and by time through their UUIDv7 id: a reschedule moves no row (BK-09).
create table booking (
  provider_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  version bigint not null check (version >= 1),
  state text not null check (state in ('HELD', 'PENDING_PAYMENT', 'PENDING_APPROVAL', 'CONFIRMED', 'CHECKED_IN',
    'COMPLETED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'RELEASED', 'NO_SHOW')),
  payment_state text not null check (payment_state in ('NONE', 'PENDING', 'PAID', 'FAILED', 'REFUNDING', 'REFUNDED',
    'REFUND_FAILED')),
  start_time timestamptz not null,
  end_time timestamptz not null check (end_time > start_time),
  time_zone text not null,
  party_size int not null check (party_size >= 1),
  dependent_id uuid,
  place text check (place in ('PROVIDER', 'CUSTOMER', 'ONLINE')),
  -- Encrypted: these under the customer's key,
  customer_note bytea,
  address bytea,
  dependent_details bytea,
  -- and these under the provider's (ID-12).
  provider_note bytea,
  joining_url bytea,
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
  refund jsonb,
  expire_reason text,
  cancellation jsonb,
  confirm_time timestamptz,
  reschedule_count int not null default 0 check (reschedule_count >= 0),
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
) partition by range (booking_id);

create table booking_history_default partition of booking_history default;
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

-- Gives the booking that is about to be held its id. Status ANSWERED: the request has its answer already; KNOWN: it was begun
-- before, under the id that is answered; ACCOUNT_LIMIT, ADDRESS_LIMIT: as many live holds as may be; BEGUN. (AV-03, BK-03)
create function begin_hold(p_actor text, p_method text, p_request uuid, p_account uuid, p_address bytea,
                           p_per_account int, p_per_address int, p_booking uuid, p_attempt interval, p_hold interval,
                           out status text, out booking_id uuid)
-- Plans made while there were no holds would read the whole table when there are many.
language plpgsql set enable_seqscan = off as $$
declare
  v_key bigint;
begin
  -- Two holds of one person, or of one address, are counted one after the other.
  for v_key in select k from unnest(array[hashtextextended('hold ' || p_account, 0),
                                          hashtextextended('hold ' || encode(p_address, 'hex'), 0)]) k order by k loop
    perform pg_advisory_xact_lock(v_key);
  end loop;
  perform from idempotent_request r
   where r.request_id = p_request and r.actor = p_actor and r.method = p_method and r.expire_time > clock_now();
  if found then status := 'ANSWERED'; return; end if;
  select a.booking_id into booking_id from hold_attempt a
   where a.actor = p_actor and a.request_id = p_request and a.expire_time > clock_now();
  if found then status := 'KNOWN'; return; end if;
  if (select count(*) from hold_attempt a where a.account_id = p_account and a.live_until > clock_now()) >= p_per_account then
    status := 'ACCOUNT_LIMIT'; return;
  end if;
  if (select count(*) from hold_attempt a where a.address_hash = p_address and a.live_until > clock_now()) >= p_per_address then
    status := 'ADDRESS_LIMIT'; return;
  end if;
  insert into hold_attempt as a (actor, request_id, booking_id, account_id, address_hash, live_until, expire_time)
    values (p_actor, p_request, p_booking, p_account, p_address, clock_now() + p_attempt, clock_now() + p_hold)
    on conflict (actor, request_id) do update set booking_id = excluded.booking_id,
      address_hash = excluded.address_hash, live_until = excluded.live_until, expire_time = excluded.expire_time;
  status := 'BEGUN';
  booking_id := p_booking;
end $$;

-- A booking is about to be moved: what was asked of availability, stored before it is asked, so that whatever dies in
-- between, asking the same again tells what became of it. One at a time for each booking. What was refused stays until
-- nothing late can come of it.
create table booking_move (
  provider_id uuid not null,
  id uuid not null,
  booking_id uuid not null,
  actor text not null,
  kind text not null check (kind in ('RESCHEDULE', 'REASSIGN')),
  request_id uuid not null,
  -- The caller's request and availability's, as they travel.
  request bytea not null,
  ask bytea not null,
  move jsonb not null,
  refused boolean not null default false,
  primary key (provider_id, id)
);
create unique index booking_move_open on booking_move (provider_id, booking_id) where not refused;

-- The terms of which a payment was asked for: stored before it is, so that whatever becomes of the answer, a booking has
-- one payment of one amount. Gone when the booking is no longer held.
create table payment_start (
  booking_id uuid primary key,
  quote text not null,
  start_time timestamptz not null
);

-- The terms of a provider (no service) and of single services. A service whose terms are null follows its provider again.
create table policy (
  provider_id uuid not null,
  service_id uuid,
  version bigint not null check (version >= 1),
  terms jsonb check (terms is not null or service_id is not null),
  update_time timestamptz not null,
  unique nulls not distinct (provider_id, service_id)
);
