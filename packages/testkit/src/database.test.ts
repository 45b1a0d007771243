import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { asAdmin } from "./admin.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { testStore } from "./store.ts";

describe("testDatabase", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase(["echo"]);
  });
  afterAll(() => database.drop());

  test("given a service, then its role sees its schema and may not create in it, and the owner may", async () => {
    const who = await asAdmin(
      (client) => client.query("select current_user, to_regnamespace('echo') is not null as schema"),
      database.urlOf("echo"),
    );
    expect(who.rows).toEqual([{ current_user: "dawr_echo", schema: true }]);
    const create = (url: string) => asAdmin((client) => client.query("create table echo.x (id int)"), url);
    await expect(create(database.urlOf("echo"))).rejects.toThrow(pg.DatabaseError);
    await create(database.ownerUrl);
  });

  test("given two, made at once, then each is empty and alone, with the extensions", async () => {
    const two = await Promise.all([testDatabase(), testDatabase()]);
    expect(new Set(two.map(({ url }) => url)).size).toBe(2);
    for (const { adminUrl } of two) {
      const { rows } = await asAdmin(
        (client) => client.query("select to_regclass('echo.x') as x, 'أهلا' operator(extensions.%) 'اهلا' as similar"),
        adminUrl,
      );
      expect(rows).toEqual([{ x: null, similar: expect.any(Boolean) }]);
    }
    await Promise.all(two.map((each) => each.drop()));
    await expect(asAdmin((client) => client.query("select"), two[0]?.adminUrl)).rejects.toThrow("does not exist");
  });
});

describe("testStore", () => {
  test("given a schema, then the store works with its service's role, and is gone after drop()", async () => {
    const store = await testStore({ schema: "echo" });
    const rows = await store.transaction((tx) =>
      tx.query("select current_user::text as user, current_schema()::text as schema"),
    );
    expect(rows).toEqual([{ user: "dawr_echo", schema: "echo" }]);
    await store.drop();
    await expect(store.ping()).rejects.toThrow();
  });
});
