create table thing (
  id text primary key,
  text text not null,
  version bigint not null default 1
);

create table done_work (
  kind text not null,
  key text not null,
  create_time timestamptz not null default clock_timestamp()
);

create table deadline (
  id text primary key,
  due_time timestamptz not null
);
