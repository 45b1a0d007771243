import { prepareDatabase } from "@dawr/store";
import pg from "pg";
import { asAdmin, testPassword, urlOfDatabase } from "./admin.ts";
import { testRun } from "./test-run.ts";

/** The services whose roles the template knows; a suite may name others. */
const platformServices = [
  "availability",
  "booking",
  "catalog",
  "gateway",
  "identity",
  "messaging",
  "payment",
  "sandbox",
  "search",
] as const;

/** Creates an empty database with extensions and roles in it, in some tens of milliseconds: a copy of the run's template. */
export async function createDatabase(name: string): Promise<void> {
  await asAdmin(async (admin) => {
    const template = await ensureTemplate(admin);
    await admin.query(
      `create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)} owner dawr_owner`,
    );
  });
}

/** Creates roles and rights for services of a suite's own making (a test's "echo"). */
export async function prepareServices(database: string, services: readonly string[]): Promise<void> {
  const unknown = services.filter((service) => !platformServices.some((known) => known === service));
  if (unknown.length > 0) await prepare(urlOfDatabase(database), unknown);
}

async function ensureTemplate(admin: pg.Client): Promise<string> {
  const template = `dawr_test_${testRun().run}_template`;
  // Jest's workers come here together: the first prepares, the others wait for it.
  await admin.query("select pg_advisory_lock(hashtext('dawr test template'))");
  try {
    const found = await admin.query("select from pg_database where datname = $1", [template]);
    if (found.rowCount === 0) {
      const draft = `${template}_draft`;
      await admin.query(`drop database if exists ${pg.escapeIdentifier(draft)} with (force)`);
      await admin.query(`create database ${pg.escapeIdentifier(draft)}`);
      await prepare(urlOfDatabase(draft), platformServices);
      await admin.query(`alter database ${pg.escapeIdentifier(draft)} rename to ${pg.escapeIdentifier(template)}`);
    }
  } finally {
    await admin.query("select pg_advisory_unlock(hashtext('dawr test template'))");
  }
  return template;
}

async function prepare(adminUrl: string, services: readonly string[]): Promise<void> {
  await prepareDatabase({ adminUrl, services, passwordOf: () => testPassword });
}
