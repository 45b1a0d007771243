import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Env } from "@dawr/config";
import { type TestDatabase, testDatabase } from "@dawr/testkit";

/** A database and a folder for keys, and the environment that names them. */
export type World = {
  readonly database: TestDatabase;
  readonly env: Env;
  /** The variables of one service's own database. */
  readonly services: Readonly<Record<string, Env>>;
  readonly lines: string[];
  readonly logDestination: { write(line: string): void };
  close(): Promise<void>;
};

export async function openWorld(services: readonly string[] = ["testing", "watcher"]): Promise<World> {
  const database = await testDatabase(services);
  const folder = await mkdtemp(join(tmpdir(), "dawr-runtime-"));
  const lines: string[] = [];
  return {
    database,
    env: {
      HOST: "127.0.0.1",
      METRICS_PORT: "0",
      GRPC_PORT: "0",
      KEY_FILE: join(folder, "keys.json"),
      WORKLOAD_KEY_FILE: join(folder, "workload.key"),
      CREATE_KEYS: "true",
      LOG_LEVEL: "debug",
    },
    services: Object.fromEntries(
      services.map((service) => [
        service,
        { DATABASE_URL: database.urlOf(service), MIGRATION_DATABASE_URL: database.ownerUrl },
      ]),
    ),
    lines,
    logDestination: { write: (line) => lines.push(line) },
    async close() {
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
