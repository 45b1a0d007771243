create table seen (
  name text primary key,
  text text not null
);
