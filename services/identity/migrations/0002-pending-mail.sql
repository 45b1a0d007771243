-- Mails that messaging has not taken yet; gone once it has, or once they are of no use. What they say is encrypted.
create table pending_mail (
  id uuid primary key,
  content bytea not null,
  expire_time timestamptz not null
);
create index pending_mail_expire on pending_mail (expire_time);
