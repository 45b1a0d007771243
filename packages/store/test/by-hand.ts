import pg from "pg";

/** Runs a statement on a connection of its own. */
export async function runAs(url: string, sql: string, values: readonly unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql, [...values]);
  await client.end();
}

/** The error of work that has to fail. */
export async function failure(work: Promise<unknown> | undefined): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not fail");
}
