import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type TestDatabase, testDatabase } from "@dawr/testkit";
import { migrate, openStore, type Store, type StoreOptions, storeMigrations } from "../src/index.ts";

export const quietLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A suite's schema with tables of its own; stores are opened on it as a service would. */
export type TestSchema = {
  readonly database: TestDatabase;
  readonly url: string;
  readonly open: (options?: Partial<StoreOptions>) => Promise<Store>;
  readonly drop: () => Promise<void>;
};

/** Makes a database with the schema `probe`, migrated by the store's files and one of the suite. */
export async function testSchema(sql: string): Promise<TestSchema> {
  const database = await testDatabase(["probe"]);
  const folder = await migrationFolder({ "0001-test.sql": sql });
  await migrate({
    url: database.ownerUrl,
    schema: "probe",
    serviceRole: "dawr_probe",
    folders: [storeMigrations, folder.url],
    log: quietLog,
  });
  await folder.remove();
  const stores: Store[] = [];
  const url = database.urlOf("probe");
  return {
    database,
    url,
    open: async (options = {}) => {
      const store = await openStore({ url, schema: "probe", now: Temporal.Now.instant, log: quietLog, ...options });
      stores.push(store);
      return store;
    },
    drop: async () => {
      await Promise.all(stores.map((store) => store.close()));
      await database.drop();
    },
  };
}

/** A folder of migrations with these files. */
export async function migrationFolder(
  files: Readonly<Record<string, string>>,
): Promise<{ url: URL; path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "dawr-migrations-"));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(path, name), sql);
  return { url: pathToFileURL(`${path}/`), path, remove: () => rm(path, { recursive: true }) };
}
