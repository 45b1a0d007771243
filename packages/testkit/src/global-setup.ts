import { randomBytes } from "node:crypto";
import { startTestServer } from "./embedded-server.ts";
import { keepForTeardown } from "./test-run.ts";

/**
 * Jest's global setup: one PostgreSQL for the whole run, told to the workers by the environment. A server given by
 * DAWR_TEST_DATABASE_URL (an administrator's URL) is used instead and left running.
 */
export default async function globalSetup(): Promise<void> {
  // Names of databases carry the run, so that two runs may share a given server.
  process.env.DAWR_TEST_RUN = randomBytes(4).toString("hex");
  if (process.env.DAWR_TEST_DATABASE_URL !== undefined) return;
  const server = await startTestServer();
  process.env.DAWR_TEST_DATABASE_URL = server.url;
  keepForTeardown(server);
}
