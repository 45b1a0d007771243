-- One message to one person about one thing. What it says is encrypted; the arguments live until it is rendered.
create table notification (
  id uuid primary key,
  -- The event or the request that caused it: with the recipient, what makes a logical message one message (MS-03).
  source_id uuid not null,
  -- A keyed hash of the account's name or of the address.
  recipient bytea not null,
  account_id uuid,
  version bigint not null default 1 check (version >= 1),
  state text not null check (state in ('WANTED', 'READY', 'ENDED')),
  template text not null,
  -- The language asked for, then the one it was rendered in; empty for the account's.
  locale text not null,
  subject text not null,
  -- Address and arguments, encrypted; gone once the message is rendered.
  arguments bytea,
  -- Title and text for the inbox, encrypted.
  content bytea,
  expire_time timestamptz,
  seen_time timestamptz,
  create_time timestamptz not null,
  change_xid xid8 not null default pg_current_xact_id(),
  unique (source_id, recipient)
);
create trigger notification_change before insert or update on notification
  for each row execute function mark_change();

create index notification_inbox on notification (account_id, id desc) where content is not null;
create index notification_unseen on notification (account_id) where content is not null and seen_time is null;
create index notification_inbox_change on notification (account_id, change_xid) where content is not null;
create index notification_create on notification (create_time);

-- One way on which one message goes, and how far it has come. A queued one has a stored step, which knows its next attempt.
create table delivery (
  id uuid primary key,
  notification_id uuid not null references notification (id) on delete cascade,
  source_id uuid not null,
  recipient bytea not null,
  channel text not null check (channel in ('EMAIL', 'INBOX')),
  state text not null check (state in ('WAITING', 'QUEUED', 'DELIVERED', 'EXPIRED', 'FAILED')),
  -- How often it was tried; those that found no server at all are not among the failures.
  attempts int not null default 0 check (attempts >= 0),
  failures int not null default 0 check (failures between 0 and attempts),
  -- The rendered message with its address, encrypted; gone once it is delivered.
  message bytea,
  deliver_time timestamptz,
  create_time timestamptz not null,
  unique (source_id, recipient, channel)
);
create index delivery_notification on delivery (notification_id);

-- Deliveries that were given up, until somebody replays them or they are too old.
create table delivery_dead_letter (
  delivery_id uuid primary key references delivery (id) on delete cascade,
  failure text not null,
  attempts int not null,
  park_time timestamptz not null
);
create index delivery_dead_letter_time on delivery_dead_letter (park_time);

-- Who is to hear of a provider's bookings: a copy of identity's memberships.
create table member (
  provider_id uuid not null,
  account_id uuid not null,
  is_owner boolean not null,
  primary key (provider_id, account_id)
);
