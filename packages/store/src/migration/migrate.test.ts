import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestDatabase, testDatabase } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { migrationFolder, quietLog } from "../../test/test-schema.ts";
import {
  MigrationError,
  migrate,
  openStore,
  pendingMigrations,
  StatementError,
  type Store,
  storeMigrations,
} from "../index.ts";

type Files = Readonly<Record<string, string>>;

let database: TestDatabase;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await testDatabase(["testing"]);
});

afterAll(async () => {
  for (const end of ends) await end();
  await database.drop();
});

describe("migrate()", () => {
  test("runs each file once, in order, the packages' first, and says so", async () => {
    const lines: object[] = [];
    const { run, store } = await suite("booking", {
      "0001-pet.sql":
        "create table pet (id int); create function twice(n int) returns int language sql as 'select n * 2';",
      "0002-name.sql": "alter table pet add column name extensions.citext; insert into pet values (twice(4), 'Rex');",
    });
    await run({ log: { ...quietLog, info: (fields) => lines.push(fields) } });
    await run({ log: { ...quietLog, info: (fields) => lines.push(fields) } });
    expect(lines).toEqual([
      expect.objectContaining({ schema: "booking", migration: "store/0001-platform.sql" }),
      expect.objectContaining({ migration: expect.stringMatching(/\/0001-pet.sql$/) }),
      expect.objectContaining({ migration: expect.stringMatching(/\/0002-name.sql$/) }),
    ]);
    expect(await store.read((tx) => tx.query("select * from pet where name = 'REX'"))).toEqual([
      { id: 8, name: "Rex" },
    ]);
  });

  test("runs once though eight start together", async () => {
    const { run, store } = await suite("catalog", {
      "0001-pet.sql": "create table pet (id int); insert into pet values (1); select pg_sleep(0.1);",
    });
    await Promise.all(Array.from({ length: 8 }, () => run()));
    expect(await store.read((tx) => tx.query("select id from pet"))).toEqual([{ id: 1 }]);
  });

  test("leaves nothing of a file that fails, tells the line, and goes on from there once it is mended", async () => {
    const { run, store, path } = await suite("payment", {
      "0001-pet.sql": "create table pet (id int);",
      "0002-bad.sql": "alter table pet add column name text;\n\nalter table pet add column age innt;",
    });
    await expect(run()).rejects.toThrow(/0002-bad.sql failed: type "innt" does not exist at line 3$/);
    expect(await columnsOf(store, "pet")).toEqual(["id"]);
    await writeFile(join(path, "0002-bad.sql"), "alter table pet add column age int;");
    await run();
    expect(await columnsOf(store, "pet")).toEqual(["id", "age"]);
  });

  test("refuses a file that was changed after it had run, but not its line ends", async () => {
    const { run, path } = await suite("search", { "0001-pet.sql": "create table pet (\nid int);" });
    await run();
    await writeFile(join(path, "0001-pet.sql"), "create table pet (\r\nid int);");
    await run();
    await writeFile(join(path, "0001-pet.sql"), "create table pet (id bigint);");
    await expect(run()).rejects.toThrow(MigrationError);
  });

  test.each<[string, Files]>([
    ["a gap", { "0001-a.sql": "select 1", "0003-c.sql": "select 1" }],
    ["one number twice", { "0001-a.sql": "select 1", "0001-b.sql": "select 1" }],
    ["another name", { "0001_a.sql": "select 1" }],
  ])("refuses %s among the files", async (_, files) => {
    const { run } = await suite("sandbox", files);
    await expect(run()).rejects.toThrow(/numbered from 0001|NNNN-name/);
  });

  test("gives the service its data, not the schema's shape, and nobody else's", async () => {
    const files = {
      "0001-all.sql": `
        create table pet (id int generated always as identity, name text);
        create table ledger (id int, day date) partition by range (day);
        create table ledger_2026 partition of ledger for values from ('2026-01-01') to ('2027-01-01');
        comment on table ledger is 'append-only: what was booked';`,
    };
    const { run, store } = await suite("messaging", files);
    const other = await suite("identity", files);
    await Promise.all([run(), other.run()]);
    const can = (sql: string) => store.transaction((tx) => tx.query(sql));
    await can("insert into pet (name) values ('Rex')");
    await can("update pet set name = 'Bo'");
    await can("delete from pet");
    await can("insert into ledger values (1, '2026-05-01')");
    expect(await can("select id from ledger")).toEqual([{ id: 1 }]);
    for (const sql of [
      "update ledger set id = 2",
      "delete from ledger",
      "truncate ledger",
      "delete from ledger_2026",
      "drop table pet",
      "create table other (id int)",
      "alter table pet add column age int",
      "delete from schema_migration",
      "select * from identity.pet",
      "create table public.other (id int)",
    ]) {
      await expect(can(sql)).rejects.toMatchObject({ sqlState: expect.stringMatching(/^42501|42P01$/) });
      await expect(can(sql)).rejects.toBeInstanceOf(StatementError);
    }
  });

  test("gives rights to a role that came later", async () => {
    const { run } = await suite("gateway", { "0001-pet.sql": "create table pet (id int);" });
    await run();
    const late = await suite("availability", {});
    await run({ serviceRole: "dawr_availability" });
    const asLate = await openStore({ url: late.url, schema: "gateway", now: Temporal.Now.instant, log: quietLog });
    ends.push(() => asLate.close());
    expect(await asLate.read((tx) => tx.query("select from pet"))).toEqual([]);
  });

  test("is nearly free when there is nothing to do", async () => {
    const { run } = await suite("availability", { "0001-pet.sql": "create table pet (id int);" });
    await run();
    const took = [];
    for (let n = 0; n < 5; n++) {
      const startMs = performance.now();
      await run();
      took.push(performance.now() - startMs);
    }
    // A connection, one query, a few small files: 5 ms or so; the rest is room for a busy machine.
    expect(Math.min(...took)).toBeLessThan(100);
  });

  test("says UNAVAILABLE when the database is away", async () => {
    const { run } = await suite("booking", {});
    const url = new URL(database.ownerUrl);
    url.port = "1";
    await expect(run({ url: url.href })).rejects.toMatchObject({ reason: "UNAVAILABLE" });
  });
});

describe("pendingMigrations()", () => {
  test("given a service's role, when it asks, then it is told what has not run: all, the rest, nothing", async () => {
    const { run, url, folders, path } = await suite("testing", { "0001-pet.sql": "create table pet (id int);" });
    const pending = () => pendingMigrations({ url, schema: "testing", folders, log: quietLog });
    expect(await pending()).toEqual(["store/0001-platform.sql", expect.stringMatching(/\/0001-pet.sql$/)]);
    await run();
    expect(await pending()).toEqual([]);
    await writeFile(join(path, "0002-name.sql"), "alter table pet add column name text;");
    expect(await pending()).toEqual([expect.stringMatching(/\/0002-name.sql$/)]);
    await writeFile(join(path, "0001-pet.sql"), "create table pet (id bigint);");
    await expect(pending()).rejects.toThrow(MigrationError);
  });
});

describe("the lock", () => {
  test("is gone when a migrating process dies", async () => {
    const { run } = await suite("sandbox", { "0001-pet.sql": "create table pet (id int); select pg_sleep(30);" });
    const dying = run();
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    ends.push(() => admin.end());
    for (;;) {
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'sandbox migrate' and query like '%pg_sleep(30)%'`,
      );
      if (rowCount !== 0) break;
    }
    await expect(dying).rejects.toThrow();
    const mended = await suite("sandbox", { "0001-pet.sql": "create table pet (id int);" });
    await mended.run();
  });
});

async function suite(schema: string, files: Files) {
  const folder = await migrationFolder(files);
  ends.push(folder.remove);
  const url = database.urlOf(schema);
  const store: Store = await openStore({ url, schema, now: Temporal.Now.instant, log: quietLog });
  ends.unshift(() => store.close());
  const folders = [storeMigrations, folder.url];
  const run = (options: Partial<Parameters<typeof migrate>[0]> = {}): Promise<void> =>
    migrate({
      url: database.ownerUrl,
      schema,
      serviceRole: `dawr_${schema}`,
      folders,
      log: quietLog,
      ...options,
    });
  return { run, store, url, folders, path: folder.path };
}

async function columnsOf(store: Store, table: string): Promise<readonly string[]> {
  const rows = await store.read((tx) =>
    tx.query<{ name: string }>(
      "select attname::text as name from pg_attribute where attrelid = $1::regclass and attnum > 0 order by attnum",
      [table],
    ),
  );
  return rows.map(({ name }) => name);
}
