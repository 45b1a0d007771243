import { eventsMigrations } from "@dawr/events";
import { migrate, storeMigrations } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { DatabaseSettings } from "./config.ts";
import type { ServiceDefinition } from "./service.ts";

/** The tables that the runtime itself keeps in each service's schema. */
const runtimeMigrations = new URL("../migrations/", import.meta.url);

/** Brings a service's schema up to date, when this process has been given the role that may. */
export async function migrateService(
  definition: ServiceDefinition,
  settings: DatabaseSettings | undefined,
  log: Logger,
): Promise<void> {
  if (definition.migrations === undefined || settings?.MIGRATION_DATABASE_URL === undefined) return;
  await migrate({
    url: settings.MIGRATION_DATABASE_URL,
    schema: definition.name,
    serviceRole: roleOf(settings.DATABASE_URL),
    folders: [storeMigrations, eventsMigrations, runtimeMigrations, definition.migrations],
    log,
  });
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
