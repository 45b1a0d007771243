-- Personal fields are encrypted by the service; *_index columns are keyed hashes to find rows by (ID-12).
create table account (
  id uuid primary key,
  version bigint not null check (version >= 1),
  state text not null check (state in ('ACTIVE', 'SUSPENDED', 'ERASED')),
  email bytea not null,
  email_index bytea not null,
  password_hash text not null,
  display_name bytea not null,
  birth_date bytea not null,
  locale text not null,
  email_verify_time timestamptz not null,
  roles text[] not null,
  create_time timestamptz not null,
  update_time timestamptz not null
);
create unique index account_email on account (email_index);

-- Somebody said that an address is theirs; nothing is an account before the code proves it (ID-01, ID-05). For an address
-- that has an account there is a row as well, whose code nobody knows: whoever registers cannot tell the two apart.
create table registration (
  id uuid primary key,
  email bytea not null,
  email_index bytea not null,
  password_hash text not null,
  display_name bytea not null,
  birth_date bytea not null,
  locale text not null,
  code_hash bytea not null,
  attempts int not null default 0,
  expire_time timestamptz not null
);
create index registration_email on registration (email_index, expire_time);
create index registration_expire on registration (expire_time);

-- The children and pets for whom a person books (ID-08); what is said of them is encrypted under the person's key.
create table dependent (
  account_id uuid not null references account on delete cascade,
  id uuid not null,
  version bigint not null check (version >= 1),
  content bytea not null,
  create_time timestamptz not null,
  update_time timestamptz not null,
  primary key (account_id, id)
);

-- One live code per account and purpose; single use.
create table one_time_code (
  account_id uuid not null references account on delete cascade,
  purpose text not null check (purpose in ('VERIFY_CONTACT', 'LOG_IN')),
  code_hash bytea not null,
  attempts int not null default 0,
  expire_time timestamptz not null,
  primary key (account_id, purpose)
);

-- Failures by address, whether or not it has an account: a lock tells nothing (ID-05).
create table login_failure (
  email_index bytea primary key,
  failures int not null,
  lock_until timestamptz,
  last_time timestamptz not null
);

-- Mails that strangers have sent to an address: nobody's mailbox is flooded, and codes cannot be asked for without end.
create table address_mail (
  email_index bytea primary key,
  sent int not null,
  since_time timestamptz not null
);

create table session (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  device_name bytea not null,
  last_use_time timestamptz not null,
  expire_time timestamptz not null,
  revoke_time timestamptz,
  create_time timestamptz not null
);
create index session_account on session (account_id, create_time desc, id desc);
create index session_revoked on session (revoke_time) where revoke_time is not null;

-- Each refresh token is used once; a second use ends its session (ID-04).
create table refresh_token (
  hash bytea primary key,
  session_id uuid not null references session on delete cascade,
  use_time timestamptz,
  expire_time timestamptz not null
);
create index refresh_token_session on refresh_token (session_id);
create index refresh_token_expire on refresh_token (expire_time);

create table membership (
  provider_id uuid not null,
  account_id uuid not null,
  role text not null check (role in ('PROVIDER', 'STAFF')),
  create_time timestamptz not null,
  update_time timestamptz not null,
  primary key (provider_id, account_id)
);
create index membership_account on membership (account_id, provider_id);

create table signing_key (
  id uuid primary key,
  algorithm text not null,
  private_key bytea not null,
  public_jwk jsonb not null,
  create_time timestamptz not null,
  -- From here on new tokens are signed with it; it was published before.
  use_time timestamptz not null,
  -- After this its tokens have all ended.
  expire_time timestamptz not null
);
