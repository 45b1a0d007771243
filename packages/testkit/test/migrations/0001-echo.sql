-- What the test's service has heard.
create table heard (
  event_id uuid primary key,
  text text not null
);
