-- Copies of what catalog publishes: what the index is made of.
create table provider_copy (
  id uuid primary key,
  version bigint not null,
  event_time timestamptz not null,
  content bytea not null
);
create table service_copy (
  provider_id uuid not null,
  id uuid not null,
  version bigint not null,
  event_time timestamptz not null,
  content bytea not null,
  primary key (provider_id, id)
);
create table category_copy (
  id text primary key,
  texts jsonb not null
);

-- Providers whose entry is out of date. Writing a row again locks it, so that no change is lost between two readers.
create table reindex (
  provider_id uuid primary key,
  mark bigint not null default 0
);

create table index_state (
  only_row boolean primary key default true check (only_row),
  is_rebuilding boolean not null default false,
  rebuild_time timestamptz
);
insert into index_state default values;

-- The embedded engine: one entry for each provider that can be found. `position` is the point on the sphere as
-- earthdistance has it; kept as a column, so that no index depends on a function of an extension.
create table entry (
  provider_id uuid primary key,
  position cube not null,
  latitude double precision not null,
  longitude double precision not null,
  vertical text not null,
  gender_served text not null check (gender_served in ('EVERYONE', 'WOMEN', 'MEN')),
  verified boolean not null,
  rating_average double precision not null,
  rating_count int not null,
  display_name jsonb not null,
  words text[] not null
);
create index entry_position on entry using gist (position);
create index entry_words on entry using gin (words);

create table offer (
  provider_id uuid not null references entry on delete cascade,
  service_id uuid not null,
  category text not null,
  currency_code text not null,
  price_minor bigint not null,
  primary key (provider_id, service_id)
);

-- How much of a provider's next days is free; not part of the entry, for it changes with every booking.
create table free_share (
  provider_id uuid primary key,
  sequence bigint not null,
  event_time timestamptz not null,
  open_minutes int not null check (open_minutes >= 0),
  free_minutes int not null check (free_minutes between 0 and open_minutes),
  next_free_time timestamptz
);

-- All words of all entries, and what is left of each when one or two letters are missing: two words that differ by
-- so many typing errors have one of these in common.
create table word (
  word text collate "C" primary key
);
create table word_variant (
  variant text collate "C" not null,
  word text collate "C" not null references word on delete cascade,
  primary key (variant, word)
);
