import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { failure, runAs } from "../../test/by-hand.ts";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import { type Store, StoreError, type Tx } from "../index.ts";

let schema: TestSchema;
let store: Store;

beforeAll(async () => {
  schema = await testSchema("create table account (id int primary key, balance bigint not null);");
  store = await schema.open();
});

afterAll(() => schema.drop());

describe("transactions", () => {
  test("what fails leaves nothing behind", async () => {
    const work = store.transaction(async (tx) => {
      await tx.query("insert into account values (100, 1)");
      throw new Error("changed my mind");
    });
    await expect(work).rejects.toThrow("changed my mind");
    expect(await store.read((tx) => tx.query("select * from account where id = 100"))).toEqual([]);
  });

  test("a failed statement cannot be swallowed", async () => {
    const work = store.transaction(async (tx) => {
      await tx.query("insert into account values (101, 1)");
      await tx.query("select nonsense").catch(() => {});
    });
    await expect(work).rejects.toThrow("swallowed");
    expect(await store.read((tx) => tx.query("select * from account where id = 101"))).toEqual([]);
  });

  test("a deadlock is run again until both are through", async () => {
    await store.transaction((tx) => tx.query("insert into account values (1, 10), (2, 10)"));
    let runs = 0;
    const both = latch(2);
    const move = (from: number, to: number) =>
      store.transaction(async (tx) => {
        runs += 1;
        await tx.query("update account set balance = balance - 1 where id = $1", [from]);
        if (runs <= 2) await both();
        await tx.query("update account set balance = balance + 1 where id = $1", [to]);
      });
    await Promise.all([move(1, 2), move(2, 1)]);
    expect(runs).toBe(3);
    expect(await store.read((tx) => tx.query("select balance from account where id in (1, 2)"))).toEqual([
      { balance: 10n },
      { balance: 10n },
    ]);
  });

  test("a Tx that is kept beyond its transaction refuses", async () => {
    let kept: Tx | undefined;
    await store.transaction(async (tx) => {
      kept = tx;
    });
    await expect(kept?.query("select 1")).rejects.toThrow("the transaction is over");
  });

  test("read() refuses to write", async () => {
    await expect(store.read((tx) => tx.query("delete from account where id = -1"))).rejects.toThrow("used to write");
  });

  test("readSnapshot() sees one moment", async () => {
    await store.transaction((tx) => tx.query("insert into account values (3, 0)"));
    const seen = await store.readSnapshot(async (tx) => {
      const before = await tx.query("select balance from account where id = 3");
      await store.transaction((other) => other.query("update account set balance = 7 where id = 3"));
      return [before, await tx.query("select balance from account where id = 3")];
    });
    expect(seen).toEqual([[{ balance: 0n }], [{ balance: 0n }]]);
  });

  test("tables that were migrated under prepared statements are no trouble", async () => {
    const one = await schema.open({ maxConnections: 1 });
    const read = () => one.transaction((tx) => tx.query("select * from account where id = 3"));
    expect(await read()).toEqual([{ id: 3, balance: 7n }]);
    await asOwner("alter table probe.account add column note text");
    expect(await read()).toEqual([{ id: 3, balance: 7n, note: null }]);
    await asOwner("alter table probe.account drop column note");
    expect(await one.read((tx) => tx.query("select * from account where id = 3"))).toEqual([{ id: 3, balance: 7n }]);
  });
});

describe("when connections are lost", () => {
  test("a killed transaction fails with UNAVAILABLE, and the next one works", async () => {
    const error = await failure(
      store.transaction(async (tx) => {
        const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
        await kill(row?.pid);
        await tx.query("select 1");
      }),
    );
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ reason: "UNAVAILABLE" });
    await store.transaction((tx) => tx.query("select 1"));
  });

  test("connections killed in the pool are passed over", async () => {
    const probe = await schema.open({ maxConnections: 4 });
    await Promise.all([1, 2, 3, 4].map(() => probe.read((tx) => tx.query("select pg_sleep(0.02)"))));
    await asAdmin(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'probe'",
    );
    const results = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((n) =>
        n % 2 === 0
          ? probe.transaction((tx) => tx.query("select 1 as one"))
          : probe.read((tx) => tx.query("select 1 as one")),
      ),
    );
    expect(results).toEqual([1, 2, 3, 4, 5, 6].map(() => [{ one: 1 }]));
  });

  test("reads whose connection is killed under them run again", async () => {
    for (const run of [store.read, store.readSnapshot]) {
      let runs = 0;
      const pids = await run(async (tx) => {
        runs += 1;
        const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
        if (runs === 1) await kill(row?.pid);
        return await tx.query("select 1 as one");
      });
      expect([runs, pids]).toEqual([2, [{ one: 1 }]]);
    }
  });

  test("a database that is away is UNAVAILABLE", async () => {
    const url = new URL(schema.url);
    url.port = "1";
    const away = await schema.open({ url: url.href });
    expect(await failure(away.ping())).toMatchObject({ reason: "UNAVAILABLE" });
    expect(await failure(away.transaction(async () => 1))).toMatchObject({ reason: "UNAVAILABLE" });
    expect(await failure(away.listen("news", () => {}))).toMatchObject({ reason: "UNAVAILABLE" });
  });
});

const asOwner = (sql: string): Promise<void> => runAs(schema.database.ownerUrl, sql);
const asAdmin = (sql: string): Promise<void> => runAs(schema.database.adminUrl, sql);
const kill = (pid: number | undefined): Promise<void> =>
  runAs(schema.database.adminUrl, "select pg_terminate_backend($1)", [pid]);

/** A function that returns once it has been called so many times. */
function latch(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  return () => {
    left -= 1;
    if (left === 0) resolve();
    return promise;
  };
}
