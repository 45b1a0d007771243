import pg from "pg";
import { fromDriver } from "../connection/driver-errors.ts";
import { clientConfig } from "../connection/pool.ts";
import type { Log } from "../log.ts";
import { grantsOf } from "./grants.ts";
import { type Migration, readMigrations } from "./migration-files.ts";

/** What a schema is to become. */
export type MigrateOptions = MigrationTarget & {
  /** Gets rights on the data, and none on the schema itself. */
  readonly serviceRole: string;
};

/** A schema, and the files that make it. */
type MigrationTarget = {
  /** To change something, with the role that migrates. */
  readonly url: string;
  readonly schema: string;
  /** Run in this order: the packages' own first. */
  readonly folders: readonly URL[];
  readonly log: Log;
};

/** Migrations that every schema needs; they come first. */
export const storeMigrations = new URL("../../migrations/", import.meta.url);

/**
 * Brings a schema forward: each new file in a transaction of its own, one process at a time. Throws MigrationError when
 * a file that has run was changed or is gone, or when one fails. Costs a few milliseconds when there is nothing to do.
 */
export async function migrate({ serviceRole, ...target }: MigrateOptions): Promise<void> {
  const { schema, log } = target;
  await onConnection(target, async (client, migrations) => {
    if (await isUpToDate(client, schema, serviceRole, migrations)) return;
    const lock = [`migrate ${schema}`];
    await client.query("select pg_advisory_lock(hashtextextended($1, 4))", lock);
    try {
      // Another process may have done it while this one waited.
      await migrateLocked(client, schema, serviceRole, migrations, log);
    } finally {
      await client.query("select pg_advisory_unlock(hashtextextended($1, 4))", lock).catch(() => {});
    }
  });
}

/**
 * The files that have still to run, as `owner/NNNN-name.sql`; any role that may read the schema can ask. Throws
 * MigrationError when a file that has run was changed or is gone.
 */
export async function pendingMigrations(target: MigrationTarget): Promise<readonly string[]> {
  return await onConnection(target, async (client, migrations) => {
    const done = await readDone(client, target.schema).catch(noneIfMissing);
    return pendingOf(migrations, done, target.schema).map(({ owner, name }) => `${owner}/${name}`);
  });
}

/** A schema cannot be brought forward. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

async function onConnection<T>(
  { url, schema, folders, log }: MigrationTarget,
  work: (client: pg.Client, migrations: readonly Migration[]) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...clientConfig({ url, schema }),
    application_name: `${schema} migrate`,
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", (error) => log.warn({ err: fromDriver(error), schema }, "the migrating connection was lost"));
  try {
    const [migrations] = await Promise.all([readMigrations(folders), client.connect()]);
    return await work(client, migrations);
  } catch (error) {
    throw fromDriver(error);
  } finally {
    await client.end().catch(() => {});
  }
}

async function migrateLocked(
  client: pg.Client,
  schema: string,
  serviceRole: string,
  migrations: readonly Migration[],
  log: Log,
): Promise<void> {
  const quoted = pg.escapeIdentifier(schema);
  await client.query(`
    create schema if not exists ${quoted};
    create table if not exists ${quoted}.schema_migration (
      owner text not null,
      name text not null,
      hash text not null,
      run_time timestamptz not null default clock_timestamp(),
      primary key (owner, name)
    );
    comment on table ${quoted}.schema_migration is 'append-only: migrations that have run, with the hash of each';`);
  const done = await readDone(client, schema);
  for (const migration of pendingOf(migrations, done, schema)) {
    const startMs = performance.now();
    await runOne(client, migration, schema);
    const tookMs = Math.round(performance.now() - startMs);
    log.info({ schema, migration: `${migration.owner}/${migration.name}`, tookMs }, "migrated");
  }
  await client.query(grantsOf(schema, serviceRole));
}

async function runOne(client: pg.Client, { owner, name, hash, sql }: Migration, schema: string): Promise<void> {
  try {
    // Who waits for a lock on a busy table makes everybody wait behind: rather fail and be tried again.
    await client.query("begin; set local lock_timeout = '10s'");
    await client.query(sql);
    await client.query("insert into schema_migration (owner, name, hash) values ($1, $2, $3)", [owner, name, hash]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw new MigrationError(`${schema}: ${owner}/${name} failed: ${describe(error, sql)}`, { cause: error });
  }
}

/** The message with the line that PostgreSQL points at. */
function describe(error: unknown, sql: string): string {
  if (!(error instanceof pg.DatabaseError)) return String(error);
  const line =
    error.position === undefined ? "" : ` at line ${sql.slice(0, Number(error.position)).split("\n").length}`;
  return `${error.message}${line}`;
}

type Done = ReadonlyMap<string, string>;

async function isUpToDate(
  client: pg.Client,
  schema: string,
  serviceRole: string,
  migrations: readonly Migration[],
): Promise<boolean> {
  const done = await readDone(client, schema, serviceRole).catch(noneIfMissing);
  return pendingOf(migrations, done, schema).length === 0 && done.size > 0;
}

/** No table, no schema, no role or no rights for it yet. */
function noneIfMissing(error: unknown): Done {
  if (error instanceof pg.DatabaseError && ["42P01", "3F000", "42704", "42501"].includes(error.code ?? ""))
    return new Map();
  throw error;
}

async function readDone(client: pg.Client, schema: string, serviceRole?: string): Promise<Done> {
  const { rows } = await client.query<{ owner: string; name: string; hash: string }>(
    `select owner, name, hash from ${pg.escapeIdentifier(schema)}.schema_migration
     where $1::text is null or has_table_privilege($1::text, ${pg.escapeLiteral(`${pg.escapeIdentifier(schema)}.schema_migration`)}, 'select')`,
    [serviceRole ?? null],
  );
  return new Map(rows.map(({ owner, name, hash }) => [`${owner}/${name}`, hash]));
}

function pendingOf(migrations: readonly Migration[], done: Done, schema: string): readonly Migration[] {
  const pending: Migration[] = [];
  for (const migration of migrations) {
    const id = `${migration.owner}/${migration.name}`;
    const hash = done.get(id);
    if (hash === undefined) {
      pending.push(migration);
    } else if (hash !== migration.hash) {
      throw new MigrationError(`${schema}: ${id} was changed after it had run; put it back and add a new file`);
    } else if (pending.some(({ owner }) => owner === migration.owner)) {
      throw new MigrationError(`${schema}: ${id} has run, and a file before it has not`);
    }
  }
  return pending;
}
