import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyFile, openKeyRing } from "@dawr/store";
import { type TestDatabase, testDatabase } from "@dawr/testkit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import { requireFittingKeys } from "./require-keys.ts";

let folder: string;
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dawr-keys-"));
  database = await testDatabase(["identity", "messaging"]);
  client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

test("given a database, when keys are to be used with it, then only those that read what it holds are taken", async () => {
  const [missing, own, foreign] = [join(folder, "missing"), join(folder, "own"), join(folder, "foreign")];
  await createKeyFile(own);
  await createKeyFile(foreign);
  const check = (file: string) => requireFittingKeys(database.adminUrl, file);

  for (const file of [missing, own, foreign]) await check(file);
  await client.query("create table identity.account (id int, email bytea)");
  for (const file of [missing, own, foreign]) await check(file);
  const email = (await openKeyRing(own)).encrypt("layla@example.com", "identity.email");
  await client.query("insert into identity.account values (1, $1)", [email]);
  await check(own);
  await expect(check(foreign)).rejects.toThrow(/do not read what the database holds; [^\n]*$/);
  await expect(check(missing)).rejects.toThrow(/the encryption keys are missing [^\n]*$/);
  expect(existsSync(missing)).toBe(false);
});
