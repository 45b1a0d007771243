import { randomBytes } from "node:crypto";
import pg from "pg";
import { asAdmin, urlOfDatabase } from "./admin.ts";
import { createDatabase, prepareServices } from "./template.ts";
import { testRun } from "./test-run.ts";

export type TestDatabase = {
  /** The same as adminUrl: for what prepares a database by itself. */
  readonly url: string;
  readonly adminUrl: string;
  /** The role that migrates. */
  readonly ownerUrl: string;
  /** The role of one service, which sees only its own schema. */
  readonly urlOf: (service: string) => string;
  readonly drop: () => Promise<void>;
};

/** A database for one suite, empty but for extensions and roles, so that its locks, schemas and notifications are alone. */
export async function testDatabase(services: readonly string[] = []): Promise<TestDatabase> {
  const name = `dawr_test_${testRun().run}_${randomBytes(6).toString("hex")}`;
  await createDatabase(name);
  await prepareServices(name, services);
  return {
    url: urlOfDatabase(name),
    adminUrl: urlOfDatabase(name),
    ownerUrl: urlOfDatabase(name, "dawr_owner"),
    urlOf: (service) => urlOfDatabase(name, `dawr_${service}`),
    drop: () => asAdmin((admin) => dropDatabase(admin, name)),
  };
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}
