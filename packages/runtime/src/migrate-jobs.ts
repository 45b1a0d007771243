import type { Logger } from "@dawr/telemetry";
import { runMigrations } from "graphile-worker";
import pg from "pg";
import { jobsSchemaOf } from "./jobs.ts";
import { jobLogger, openJobsPool } from "./jobs-database.ts";

export type MigrateJobsOptions = {
  readonly service: string;
  /** With the role that migrates. */
  readonly ownerUrl: string;
  readonly serviceRole: string;
  readonly log: Logger;
};

/** Creates and migrates the tables of a service's jobs, and lets the service's role use them. */
export async function migrateJobs({ service, ownerUrl, serviceRole, log }: MigrateJobsOptions): Promise<void> {
  const pool = openJobsPool(ownerUrl, 1, log);
  const schema = jobsSchemaOf(service);
  try {
    await runMigrations({ pgPool: pool, schema, logger: jobLogger(log) });
    const { rows } = await pool.query(missingRights, [schema, serviceRole]);
    if (rows.length > 0) await pool.query(grantsOf(schema, serviceRole));
  } finally {
    await pool.end();
  }
}

/** Tables that the role cannot use yet: all of them at first, and those of a later version of the library. */
const missingRights = `
  select from pg_class
  where relnamespace = $1::regnamespace and relkind = 'r' and (relrowsecurity or not has_table_privilege($2, oid, 'select'))`;

function grantsOf(schema: string, role: string): string {
  const [inSchema, to] = [pg.escapeIdentifier(schema), pg.escapeIdentifier(role)];
  return `
    begin;
    -- Replicas that start together would change the same rights at once.
    select pg_advisory_xact_lock(hashtext(${pg.escapeLiteral(`jobs of ${schema}`)}));
    grant usage on schema ${inSchema} to ${to};
    grant select, insert, update, delete on all tables in schema ${inSchema} to ${to};
    revoke insert, update, delete on ${inSchema}.migrations from ${to};
    grant usage, select on all sequences in schema ${inSchema} to ${to};
    grant execute on all functions in schema ${inSchema} to ${to};
    -- The library switches row security on for those who show its tables to users; here the rights alone decide.
    do $$
    declare name regclass;
    begin
      for name in select oid from pg_class
        where relnamespace = ${pg.escapeLiteral(schema)}::regnamespace and relkind = 'r' and relrowsecurity
      loop
        execute format('alter table %s disable row level security', name);
      end loop;
    end $$;
    commit;`;
}
