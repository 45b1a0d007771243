import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "@dawr/config";
import { openStore, type Store } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { openDataFolder, visitDataFolder } from "./data-folder.ts";
import { environmentOf, portsFrom } from "./environment.ts";
import { startEmbeddedPostgres } from "./postgres/embedded.ts";
import { schemas } from "./services.ts";
import { StandaloneError } from "./standalone-error.ts";

/** The database and the keys of a platform, for a command beside it. */
export type Visit = {
  /** What the platform's services read. */
  readonly env: Env;
  /** Of the keys that encrypt personal data. */
  readonly keyFile: string;
  /** Whether the platform may be running meanwhile. */
  readonly mayRun: boolean;
  /** With a service's role. */
  urlOf(service: string): string;
  /** A service's database, open until the visit ends. */
  storeOf(service: string, options?: { readonly statementTimeoutMs?: number }): Promise<Store>;
};

/** Whose database a command is about. */
export type VisitOptions = {
  readonly dataDir: string;
  /** Of the platform, when it was started with one. */
  readonly databaseUrl: string | undefined;
  readonly given: Env;
};

/** Does work on a platform's database: that of the platform that runs, or one started for the moment. */
export async function visitDatabase<T>(
  { dataDir, databaseUrl, given }: VisitOptions,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  if (!existsSync(join(dataDir, "keys")))
    throw new StandaloneError(`there is no platform in ${dataDir} yet: npm start makes one`);
  const running = await visitDataFolder(dataDir);
  // Nobody may start or stop the platform under our hands, so that without one we are the folder's holder.
  const folder = running ?? (await openDataFolder(dataDir, false));
  const mayRun = running !== undefined || databaseUrl !== undefined;

  async function visit(adminUrl: string): Promise<T> {
    const ports = portsFrom(0);
    const { env, keyFile, services } = environmentOf({ folder, ports, adminUrl, logLevel: "error", schemas, given });
    const stores: Store[] = [];
    const urlOf = (service: string): string => services[service]?.DATABASE_URL ?? "";
    try {
      return await work({
        env,
        keyFile,
        mayRun,
        urlOf,
        async storeOf(service, { statementTimeoutMs } = {}) {
          const store = await openStore({
            url: urlOf(service),
            schema: service,
            maxConnections: 1,
            now: () => Temporal.Now.instant(),
            log: createLogger({ service: "admin", level: "error" }),
            ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
          });
          stores.push(store);
          return store;
        },
      });
    } finally {
      for (const store of stores) await store.close();
    }
  }

  try {
    const isEmbedded = databaseUrl === undefined;
    requireWhole([given.KEY_FILE || folder.keyFile, ...(isEmbedded ? [join(folder.postgres, "data")] : [])]);
    if (!isEmbedded) return await visit(databaseUrl);
    const postgres = await startEmbeddedPostgres(folder.postgres);
    try {
      return await visit(postgres.adminUrl);
    } finally {
      if (!postgres.wasAdopted) await postgres.stop();
    }
  } finally {
    await folder.release();
  }
}

/** A command beside the platform finishes no start that was cut short. */
function requireWhole(parts: readonly string[]): void {
  const missing = parts.find((part) => !existsSync(part));
  if (missing !== undefined)
    throw new StandaloneError(`the platform is not whole, ${missing} is missing; start it once with npm start`);
}

/** Refuses a database in which a service has none of its tables yet, or not one that a newer version brings. */
export async function requireTable(store: Store, table: string): Promise<void> {
  const [row] = await store
    .read((tx) => tx.query<{ found: boolean }>("select to_regclass($1) is not null as found", [table]))
    .catch((cause: unknown) => {
      throw new StandaloneError("the platform's database cannot be used; start the platform once with npm start", {
        cause,
      });
    });
  if (row?.found !== true)
    throw new StandaloneError("the database is not of this version; start the platform once with npm start");
}
