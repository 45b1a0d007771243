-- Copies of what catalog owns, kept from its events by version, and never written otherwise.
create table provider (
  provider_id uuid primary key,
  version bigint not null,
  zone text not null,
  published boolean not null
);

create table service (
  provider_id uuid not null,
  service_id uuid not null,
  version bigint not null,
  active boolean not null,
  content jsonb not null,
  primary key (provider_id, service_id)
);

-- A staff member (capacity 1, skills by service) or a resource (as many lanes as its capacity).
create table unit (
  provider_id uuid not null,
  unit_id uuid not null,
  kind text not null check (kind in ('STAFF', 'RESOURCE')),
  version bigint not null,
  active boolean not null,
  content jsonb not null,
  primary key (provider_id, unit_id)
);

-- owner_id is the provider's own id, or that of a staff member or resource; without content it follows the provider's.
create table schedule (
  provider_id uuid not null,
  owner_id uuid not null,
  version bigint not null,
  content jsonb,
  update_time timestamptz not null,
  primary key (provider_id, owner_id)
);

create table time_off (
  provider_id uuid not null,
  time_off_id uuid not null,
  owner_id uuid not null,
  during tstzrange not null check (not isempty(during) and not lower_inf(during) and not upper_inf(during)),
  content jsonb not null,
  create_time timestamptz not null,
  primary key (provider_id, time_off_id)
);
create index time_off_by_owner on time_off (provider_id, owner_id, lower(during));

create table booking_rules (
  provider_id uuid primary key,
  version bigint not null,
  content jsonb not null,
  update_time timestamptz not null
);

-- One booking's hold on time, or what a member blocked: without a booking, of one staff member or resource (BK-10). Its
-- stretches are in occupancy for as long as it is HELD or FIRM.
create table reservation (
  provider_id uuid not null,
  reservation_id uuid not null,
  state text not null check (state in ('HELD', 'FIRM', 'RELEASED', 'LAPSED')),
  fencing_token bigint not null,
  booking text,
  blocked_unit_id uuid,
  block_reason text,
  start_time timestamptz not null,
  end_time timestamptz not null,
  local_date date not null,
  service_ids uuid[] not null,
  staff_ids uuid[] not null,
  items jsonb not null,
  party_size integer not null,
  hot boolean not null,
  discount_percent integer not null,
  expires_at timestamptz,
  -- When a member put it where it is, outside of hours and time off as they were then.
  override_time timestamptz,
  version bigint not null default 1,
  create_time timestamptz not null,
  update_time timestamptz not null,
  primary key (provider_id, reservation_id),
  check ((state = 'HELD') = (expires_at is not null)),
  check (num_nonnulls(booking, blocked_unit_id) = 1),
  check ((blocked_unit_id is null) = (block_reason is null))
);
create index reservation_by_start on reservation (provider_id, start_time, reservation_id) where state in ('HELD', 'FIRM');
create unique index reservation_of_booking on reservation (provider_id, booking) where state in ('HELD', 'FIRM');
create index reservation_by_expiry on reservation (expires_at) where state = 'HELD';

-- A group session owns its staff and room rows; the bookings in it own seats, which are lanes of the session.
create table group_session (
  provider_id uuid not null,
  session_id uuid not null,
  service_id uuid not null,
  staff_id uuid not null,
  start_time timestamptz not null,
  end_time timestamptz not null,
  seats integer not null check (seats > 0),
  unit_ids uuid[] not null,
  primary key (provider_id, session_id)
);
create index group_session_by_start on group_session (provider_id, start_time);

-- What is taken: a stretch of one lane of one unit (or a seat: a lane of a session), buffers included.
-- expires_at copies the reservation's, so that who is in the way can be told without a look elsewhere.
create table occupancy (
  provider_id uuid not null,
  unit_id uuid not null,
  lane integer not null check (lane > 0),
  during tstzrange not null check (not isempty(during) and not lower_inf(during) and not upper_inf(during)),
  reservation_id uuid,
  session_id uuid,
  expires_at timestamptz,
  check (num_nonnulls(reservation_id, session_id) = 1),
  constraint occupancy_excludes
    exclude using gist (unit_id with =, during with &&, lane with =, provider_id with =)
);
create index occupancy_by_reservation on occupancy (provider_id, reservation_id) where reservation_id is not null;
create index occupancy_by_session on occupancy (provider_id, session_id) where session_id is not null;

create sequence fencing_token as bigint;

-- What changed when, for subscribers and for the publisher of AvailabilityChanged. Pruned after an hour.
create table availability_change (
  provider_id uuid not null,
  change_id bigint generated always as identity,
  during tstzrange not null,
  published boolean not null default false,
  change_time timestamptz not null,
  change_xid xid8 not null default pg_current_xact_id(),
  primary key (provider_id, change_id)
);
create index availability_change_unpublished on availability_change (change_time) where not published;
create index availability_change_by_xid on availability_change (provider_id, change_xid);

-- Providers whose changes could not be published, and when that is tried again; they keep to themselves until it succeeds.
create table publish_retry (
  provider_id uuid primary key,
  failures integer not null check (failures > 0),
  retry_time timestamptz not null
);
create index publish_retry_by_time on publish_retry (retry_time);

-- The version of what was last told about a provider's availability.
create table provider_availability (
  provider_id uuid primary key,
  version bigint not null
);
