import { eventsMigrations } from "@dawr/events";
import { migrate, pendingMigrations, storeMigrations } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { DatabaseSettings } from "./config.ts";
import type { ServiceDefinition } from "./service.ts";

/** The tables that the runtime itself keeps in each service's schema. */
const runtimeMigrations = new URL("../migrations/", import.meta.url);

/** Brings a service's schema up to date, when this process has been given the role that may; else refuses one that is not. */
export async function migrateService(
  definition: ServiceDefinition,
  settings: DatabaseSettings | undefined,
  log: Logger,
): Promise<void> {
  if (definition.migrations === undefined || settings === undefined) return;
  const folders = [storeMigrations, eventsMigrations, runtimeMigrations, definition.migrations];
  const { MIGRATION_DATABASE_URL: url, DATABASE_URL } = settings;
  if (url === undefined) await requireMigrated({ url: DATABASE_URL, schema: definition.name, folders, log });
  else await migrate({ url, schema: definition.name, serviceRole: roleOf(DATABASE_URL), folders, log });
}

async function requireMigrated(target: Parameters<typeof pendingMigrations>[0]): Promise<void> {
  const pending = await pendingMigrations(target);
  if (pending.length > 0)
    throw new Error(
      `the database is not migrated (${pending[0]} is the first of ${pending.length} to run); set MIGRATION_DATABASE_URL, or let somebody migrate it first`,
    );
}

/** The same for the tables of its jobs, which only services with jobs have. */
export async function migrateServiceJobs(service: string, settings: DatabaseSettings, log: Logger): Promise<void> {
  if (settings.MIGRATION_DATABASE_URL === undefined) return;
  const { migrateJobs } = await import("./migrate-jobs.ts");
  await migrateJobs({
    service,
    ownerUrl: settings.MIGRATION_DATABASE_URL,
    serviceRole: roleOf(settings.DATABASE_URL),
    log,
  });
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}
