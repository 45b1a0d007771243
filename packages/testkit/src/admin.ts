import pg from "pg";
import { testRun } from "./test-run.ts";

export const testPassword = "dawr-test";

/** Runs work on one connection of the run's administrator. */
export async function asAdmin<T>(work: (client: pg.Client) => Promise<T>, url = testRun().adminUrl): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The URL of a database of the run's server, as another role when one is named. */
export function urlOfDatabase(database: string, role?: string): string {
  const url = new URL(testRun().adminUrl);
  url.pathname = `/${database}`;
  if (role !== undefined) {
    url.username = role;
    url.password = testPassword;
  }
  return url.href;
}

/** Drops the databases that this run made and did not drop itself, on a server that outlives the run. */
export async function dropRunDatabases(): Promise<void> {
  await asAdmin(async (admin) => {
    const { rows } = await admin.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1)",
      [`dawr_test_${testRun().run}_`],
    );
    for (const { datname } of rows) {
      await admin.query(`drop database if exists ${pg.escapeIdentifier(datname)} with (force)`);
    }
  });
}
