import { dropRunDatabases } from "./admin.ts";
import { takeForTeardown } from "./test-run.ts";

/** Jest's global teardown: stops and removes the run's own PostgreSQL, or drops what the run left on a given one. */
export default async function globalTeardown(): Promise<void> {
  const server = takeForTeardown();
  if (server !== undefined) await server.stop();
  else await dropRunDatabases();
}
