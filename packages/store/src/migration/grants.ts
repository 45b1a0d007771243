import pg from "pg";

/**
 * The statements that give a service's role its rights: to use the schema and what is in it, not to change its shape; of
 * tables whose comment contains 'append-only', and their partitions, only to read and add.
 */
export function grantsOf(schema: string, role: string): string {
  const [inSchema, to] = [pg.escapeIdentifier(schema), pg.escapeIdentifier(role)];
  return `
    begin;
    grant usage on schema ${inSchema} to ${to};
    grant select, insert, update, delete on all tables in schema ${inSchema} to ${to};
    grant usage, select on all sequences in schema ${inSchema} to ${to};
    grant execute on all routines in schema ${inSchema} to ${to};
    revoke insert on ${inSchema}.schema_migration from ${to};
    do $$
    declare kept regclass;
    begin
      for kept in
        with recursive append_only as (
          select c.oid from pg_class c
          where c.relnamespace = ${pg.escapeLiteral(inSchema)}::regnamespace and c.relkind in ('r', 'p')
            and obj_description(c.oid, 'pg_class') like '%append-only%'
          union
          select i.inhrelid from pg_inherits i join append_only a on a.oid = i.inhparent
        )
        select oid from append_only
      loop
        execute format('revoke update, delete, truncate on %s from %I', kept, ${pg.escapeLiteral(role)});
      end loop;
    end $$;
    commit;`;
}
