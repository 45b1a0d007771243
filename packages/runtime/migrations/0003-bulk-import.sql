-- What was imported in bulk under a name is not imported again.
create table bulk_import (
  name text primary key,
  import_time timestamptz not null default clock_timestamp()
);
