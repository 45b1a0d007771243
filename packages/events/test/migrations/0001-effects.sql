-- What the tests of the bus write: aggregates that publish, and what handlers did, in the order in which they did it.
create table aggregate (
  id text primary key,
  version bigint not null
);

create table effect (
  position bigint generated always as identity primary key,
  consumer text not null,
  event_id uuid not null,
  type text not null,
  key text not null,
  sequence bigint not null
);
