import type { TestServer } from "./embedded-server.ts";

let kept: TestServer | undefined;

/** Keeps the server that the setup started; setup and teardown run in one process and share this module. */
export function keepForTeardown(server: TestServer): void {
  kept = server;
}

/** The server that the setup started, once; nothing when the run uses a given one. */
export function takeForTeardown(): TestServer | undefined {
  const server = kept;
  kept = undefined;
  return server;
}

/** The administrator's URL of the run's server and the run's name, or an error that says what is missing. */
export function testRun(): { readonly adminUrl: string; readonly run: string } {
  const adminUrl = process.env.DAWR_TEST_DATABASE_URL;
  const run = process.env.DAWR_TEST_RUN;
  if (adminUrl === undefined || run === undefined) {
    throw new Error("no test database: Jest's globalSetup of @dawr/testkit did not run");
  }
  return { adminUrl, run };
}
