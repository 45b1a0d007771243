import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyFile } from "@dawr/store";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { visitDatabase } from "./visit-database.ts";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dawr-visit-"));
});
afterEach(() => rm(folder, { recursive: true }));

const visit = (given = {}) =>
  visitDatabase({ dataDir: folder, databaseUrl: undefined, given }, () => Promise.reject(new Error("visited")));

test("given a folder without a platform, when it is visited, then it says so and leaves it as it is", async () => {
  await expect(visit()).rejects.toThrow(/there is no platform in [^\n]*npm start makes one$/);
  expect(await readdir(folder)).toEqual([]);
});

test("given a folder whose start was cut short, when it is visited, then it says what is missing and makes none of it", async () => {
  await mkdir(join(folder, "keys"));
  await expect(visit()).rejects.toThrow(/encryption\.json is missing; start it once with npm start$/);
  await createKeyFile(join(folder, "keys", "encryption.json"));
  await expect(visit()).rejects.toThrow(/data is missing; start it once with npm start$/);
  await expect(visit({ KEY_FILE: join(folder, "gone") })).rejects.toThrow(/gone is missing/);
  expect(await readdir(folder)).toEqual(["keys"]);
});
