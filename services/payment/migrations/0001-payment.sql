-- Payments spread by provider, as bookings and the provider's part of the ledger do; ids are UUIDv7.
create table payment (
  provider_id uuid not null,
  id uuid not null,
  -- What is paid, by resource name: a booking is paid once.
  subject text not null,
  customer_id uuid not null,
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  amount_minor bigint not null check (amount_minor > 0),
  service_minor bigint not null check (service_minor >= 0),
  tax_minor bigint not null check (tax_minor >= 0),
  fee_minor bigint not null check (fee_minor >= 0),
  gateway text not null,
  operation_id uuid not null,
  gateway_id text,
  pay_url text,
  return_url text not null,
  locale text not null,
  description text not null,
  pay_expire_time timestamptz not null,
  state text not null check (state in ('CREATED', 'PENDING', 'UNKNOWN', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  failure text,
  refund_reserved_minor bigint not null default 0,
  refunded_minor bigint not null default 0,
  version bigint not null check (version >= 1),
  asked int not null default 0,
  ask_time timestamptz,
  create_time timestamptz not null,
  update_time timestamptz not null,
  succeed_time timestamptz,
  primary key (provider_id, id),
  constraint payment_subject unique (provider_id, subject),
  constraint payment_parts check (service_minor + tax_minor + fee_minor = amount_minor),
  -- Whatever races there are, no more goes back than came. (PY-07)
  constraint payment_refunds check (refunded_minor between 0 and refund_reserved_minor
    and refund_reserved_minor <= amount_minor),
  constraint payment_success check ((state = 'SUCCEEDED') = (succeed_time is not null))
);

-- A gateway names its charge, or gives back our operation; the provider is in each key so that shards can hold it.
create unique index payment_gateway on payment (gateway, gateway_id, provider_id) where gateway_id is not null;
create unique index payment_operation on payment (operation_id, provider_id);
create index payment_id on payment (id);
create index payment_customer on payment (customer_id, id desc);
-- What the gateway has to be asked about, soonest first.
create index payment_ask on payment (ask_time) where ask_time is not null;
create index payment_gateway_time on payment (gateway, create_time);

create table refund (
  provider_id uuid not null,
  id uuid not null,
  payment_id uuid not null,
  currency_code text not null,
  amount_minor bigint not null check (amount_minor > 0),
  service_minor bigint not null check (service_minor >= 0),
  tax_minor bigint not null check (tax_minor >= 0),
  fee_minor bigint not null check (fee_minor >= 0),
  operation_id uuid not null,
  gateway_id text,
  state text not null check (state in ('REQUESTED', 'PENDING', 'UNKNOWN', 'SUCCEEDED', 'FAILED')),
  cause text not null,
  requested_by text not null,
  failure text,
  version bigint not null check (version >= 1),
  create_time timestamptz not null,
  update_time timestamptz not null,
  primary key (provider_id, id),
  foreign key (provider_id, payment_id) references payment (provider_id, id),
  constraint refund_parts check (service_minor + tax_minor + fee_minor = amount_minor)
);

create index refund_payment on refund (payment_id, id);
create index refund_id on refund (id);
create unique index refund_operation on refund (operation_id, provider_id);

-- What gateways told us of their own accord; the key is what makes a replay harmless.
create table gateway_event (
  gateway text not null,
  event_id text not null,
  type text not null,
  gateway_id text not null,
  payment_id uuid,
  status text not null,
  currency_code text not null,
  amount_minor bigint not null,
  outcome text not null check (outcome in ('APPLIED', 'NOTHING_NEW', 'MISMATCH', 'NOT_OURS')),
  receive_time timestamptz not null,
  primary key (gateway, event_id)
);
comment on table gateway_event is 'append-only: each webhook that was genuine, and what it did (PY-06)';

create table ledger_transfer (
  provider_id uuid not null,
  id uuid not null,
  kind text not null,
  -- The payment or refund that it is about: it moves money once per kind.
  reference_id uuid not null,
  create_time timestamptz not null,
  primary key (provider_id, id),
  constraint ledger_transfer_once unique (provider_id, kind, reference_id)
);
create index ledger_transfer_reference on ledger_transfer (reference_id, id);
create index ledger_transfer_id on ledger_transfer (id);
comment on table ledger_transfer is 'append-only: why money moved (PY-05)';

create table ledger_entry (
  provider_id uuid not null,
  transfer_id uuid not null,
  line smallint not null,
  account text not null,
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  -- A debit when positive, a credit when negative.
  amount_minor bigint not null check (amount_minor <> 0),
  primary key (provider_id, transfer_id, line),
  foreign key (provider_id, transfer_id) references ledger_transfer (provider_id, id)
);
-- An account's balance in a currency, and its transfers in all currencies from the latest on.
create index ledger_entry_account on ledger_entry (account, currency_code, transfer_id) include (amount_minor);
create index ledger_entry_account_transfer on ledger_entry (account, transfer_id) include (provider_id);
comment on table ledger_entry is 'append-only: the lines of transfers, which cancel out per currency (PY-05)';

-- Checked at commit, over all lines of the transfer: a line that is added later is caught as well as one that is missing.
create function ledger_check(provider uuid, transfer uuid) returns void language plpgsql as $$
begin
  if (select count(*) from ledger_entry e where e.provider_id = provider and e.transfer_id = transfer) < 2
    or exists (
      select from ledger_entry e where e.provider_id = provider and e.transfer_id = transfer
      group by e.currency_code having sum(e.amount_minor) <> 0
    )
  then
    raise exception 'transfer % does not balance', transfer using errcode = 'check_violation', constraint = 'ledger_balance';
  end if;
end $$;

create function ledger_check_transfer() returns trigger language plpgsql as $$
begin
  perform ledger_check(new.provider_id, new.id);
  return null;
end $$;

create function ledger_check_entry() returns trigger language plpgsql as $$
begin
  perform ledger_check(new.provider_id, new.transfer_id);
  return null;
end $$;

create constraint trigger ledger_balance after insert on ledger_transfer
  deferrable initially deferred for each row execute function ledger_check_transfer();
create constraint trigger ledger_balance after insert on ledger_entry
  deferrable initially deferred for each row execute function ledger_check_entry();

-- Grants keep the service from it; this keeps everybody else from it, too.
create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only' using errcode = 'insufficient_privilege';
end $$;

create trigger ledger_append_only before update or delete or truncate on ledger_transfer
  for each statement execute function ledger_is_append_only();
create trigger ledger_append_only before update or delete or truncate on ledger_entry
  for each statement execute function ledger_is_append_only();

-- Payments that a person settled, and how that person knew.
create table payment_resolution (
  provider_id uuid not null,
  payment_id uuid not null,
  version bigint not null,
  resolved_by text not null,
  state text not null,
  note text not null,
  resolve_time timestamptz not null,
  primary key (provider_id, payment_id, version)
);
comment on table payment_resolution is 'append-only: outcomes that were settled by hand (PY-11)';

-- Where our books and the gateway's own list differ; each difference once. (PY-06)
create table reconciliation_finding (
  gateway text not null,
  kind text not null check (kind in ('CHARGE_UNKNOWN_HERE', 'CHARGE_UNKNOWN_THERE', 'AMOUNT_DIFFERS', 'STATE_DIFFERS',
    'REFUND_DIFFERS')),
  reference text not null,
  payment_id uuid,
  ours text not null,
  theirs text not null,
  find_time timestamptz not null,
  primary key (gateway, kind, reference)
);
comment on table reconciliation_finding is 'append-only: differences between our books and a gateway''s list (PY-06)';

-- How far each gateway's list has been compared.
create table reconciliation_mark (
  gateway text primary key,
  compared_until timestamptz not null
);
