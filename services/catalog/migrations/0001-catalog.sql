-- Resources are kept as their contract has them (content), so that a field that only a newer release knows survives.
-- What the database finds them by, and what it counts, stands in columns of its own, and the columns are right.
create table provider (
  id uuid primary key,
  version bigint not null check (version >= 1),
  state text not null check (state in ('DRAFT', 'SUBMITTED', 'PUBLISHED', 'REJECTED', 'SUSPENDED')),
  state_reason text not null default '',
  vertical text not null,
  currency_code text not null,
  verified boolean not null default false,
  rating_count int not null default 0 check (rating_count >= 0),
  rating_sum int not null default 0 check (rating_sum between rating_count and rating_count * 5),
  content bytea not null,
  publish_time timestamptz,
  create_time timestamptz not null,
  update_time timestamptz not null
);
create index provider_published on provider (id) where state = 'PUBLISHED';
create index provider_vertical on provider (vertical, id) where state = 'PUBLISHED';
create index provider_submitted on provider (update_time, id) where state = 'SUBMITTED';

-- What belongs to a provider: three tables of one shape. `sort` is a service's category, a resource's kind.
create table service (
  provider_id uuid not null references provider,
  id uuid not null,
  version bigint not null check (version >= 1),
  active boolean not null,
  sort text not null,
  content bytea not null,
  create_time timestamptz not null,
  update_time timestamptz not null,
  primary key (provider_id, id)
);
create table staff_member (like service including all);
create table resource (like service including all);
alter table staff_member add foreign key (provider_id) references provider;
alter table resource add foreign key (provider_id) references provider;

create table review (
  provider_id uuid not null references provider,
  id uuid not null,
  booking_id uuid not null,
  -- Null where the author is not known any more.
  account_id uuid,
  rating smallint not null check (rating between 1 and 5),
  text text not null,
  language_code text not null,
  create_time timestamptz not null,
  primary key (provider_id, id),
  constraint review_booking unique (provider_id, booking_id)
);
create index review_latest on review (provider_id, create_time desc, id desc);
