import { eventually, testClock } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { type TestSchema, testSchema } from "../test/test-schema.ts";
import { ConstraintViolation, StatementError, type Store, StoreError, type Tx } from "./index.ts";

let schema: TestSchema;
let store: Store;

beforeAll(async () => {
  schema = await testSchema(`
    create table account (id int primary key, balance bigint not null check (balance >= 0));
    create table slot (id int primary key, during tstzrange not null, exclude using gist (during with &&));
    create table entry (id int generated always as identity, account_id int not null references account (id));
  `);
  store = await schema.open();
});

afterAll(() => schema.drop());

describe("statements", () => {
  test("values keep their types on the way in and out", async () => {
    const instant = Temporal.Instant.from("2026-03-01T09:00:00.123456Z");
    const date = Temporal.PlainDate.from("2024-02-29");
    const dateTime = Temporal.PlainDateTime.from("2026-03-01T09:00");
    const bytes = new Uint8Array([0, 39, 92, 255]);
    const [row] = await store.read((tx) =>
      tx.query(
        `select $1::int8 as big, $2::timestamptz as instant, $3::date as date, $4::bytea as bytes, $5::jsonb as json,
           $6::text[] as texts, $7::timestamptz[] as instants, $8::bytea[] as blobs, $9::int8[] as bigs, null::int8 as none,
           $10::timestamp as "dateTime", $11::interval as span, 1.50::numeric as exact, pg_current_xact_id() is not null as xid,
           7::int4 as small, true as yes`,
        [
          2n ** 62n,
          instant,
          date,
          bytes,
          JSON.stringify([{ a: 1 }]),
          ['a"b', "c\\d", null],
          [instant, null],
          [bytes],
          [1n, -1n],
          dateTime,
          Temporal.Duration.from({ hours: 25 }),
        ],
      ),
    );
    expect(row).toEqual({
      big: 2n ** 62n,
      instant,
      date,
      bytes: Buffer.from(bytes),
      json: [{ a: 1 }],
      texts: ['a"b', "c\\d", null],
      instants: [instant, null],
      blobs: [Buffer.from(bytes)],
      bigs: [1n, -1n],
      none: null,
      dateTime,
      span: "PT25H",
      exact: "1.50",
      xid: true,
      small: 7,
      yes: true,
    });
  });

  test("years that ISO 8601 writes with a sign come through, infinity is refused", async () => {
    const [row] = await store.read((tx) =>
      tx.query<{ far: Temporal.Instant }>("select timestamptz '12026-01-01Z' as far"),
    );
    expect(row?.far.toString()).toBe("+012026-01-01T00:00:00Z");
    await expect(store.read((tx) => tx.query("select timestamptz 'infinity'"))).rejects.toThrow("no point in time");
  });

  test("parameters are never part of the text", async () => {
    const [row] = await store.read((tx) => tx.query("select $1 as text", ["'; drop table account; --"]));
    expect(row).toEqual({ text: "'; drop table account; --" });
  });

  test("statements of one transaction that are started together run one after the other", async () => {
    const rows = await store.transaction((tx) =>
      Promise.all([1, 2, 3].map((n) => tx.query("select $1::int as n from pg_sleep(0.01)", [n]))),
    );
    expect(rows).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  test("the schema, the time zone and the service's name are set", async () => {
    const [row] = await store.read((tx) =>
      tx.query(
        "select current_schemas(false) as schemas, current_setting('TimeZone') as zone, current_setting('application_name') as name",
      ),
    );
    expect(row).toEqual({ schemas: ["probe", "extensions"], zone: "UTC", name: "probe" });
  });
});

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

describe("errors", () => {
  test.each([
    ["insert into account values (3, 1)", "unique", "account_pkey"],
    ["insert into account values (9, -1)", "check", "account_balance_check"],
    ["insert into account values (9, null)", "not null", "balance"],
    ["insert into entry (account_id) values (999)", "foreign key", "entry_account_id_fkey"],
    [
      "insert into slot values (1, '[2026-01-01,2026-01-02)'), (2, '[2026-01-01,2026-01-02)')",
      "exclusion",
      "slot_during_excl",
    ],
  ])("%s breaks a rule", async (sql, kind, constraint) => {
    const error = await failure(store.transaction((tx) => tx.query(sql)));
    expect(error).toBeInstanceOf(ConstraintViolation);
    expect(error).toMatchObject({ kind, constraint });
  });

  test("an error keeps no value", async () => {
    const error = await failure(store.transaction((tx) => tx.query("select $1::uuid", ["layla@example.com"])));
    expect(error).toBeInstanceOf(StatementError);
    expect(`${JSON.stringify(error)} ${error.stack}`).not.toContain("layla");
    const duplicate = await failure(store.transaction((tx) => tx.query("insert into account values (3, 4242424242)")));
    expect(`${JSON.stringify(duplicate)} ${duplicate.stack}`).not.toContain("4242");
  });

  test("waiting too long for a row, for a statement or for a connection is said so", async () => {
    const hasty = await schema.open({ lockTimeoutMs: 50, statementTimeoutMs: 150, poolWaitMs: 100, maxConnections: 1 });
    await store.transaction(async (tx) => {
      await tx.query("select from account where id = 3 for update");
      const waited = await failure(hasty.transaction((other) => other.query("delete from account where id = 3")));
      expect(waited).toMatchObject({ reason: "CONTENTION", sqlState: "55P03" });
    });
    expect(await failure(hasty.read((tx) => tx.query("select pg_sleep(9)")))).toMatchObject({
      reason: "DEADLINE_EXCEEDED",
    });
    await hasty.transaction(async () => {
      expect(await failure(hasty.ping())).toMatchObject({ reason: "UNAVAILABLE" });
    });
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

describe("notifications", () => {
  test("come after the commit, with their payload, and not after leaving", async () => {
    const heard: string[] = [];
    const leave = await store.listen("news", (payload) => heard.push(payload));
    await store.transaction(async (tx) => {
      tx.notify("news", "one");
      await store.transaction((other) => other.notify("news", "zero"));
    });
    await eventually(() => expect(heard).toEqual(["zero", "one"]));
    await leave();
    const marker: string[] = [];
    await store.listen("marker", (payload) => marker.push(payload));
    await store.transaction((tx) => tx.notify("news", "two"));
    await store.transaction((tx) => tx.notify("marker"));
    await eventually(() => expect(marker).toEqual([""]));
    expect(heard).toEqual(["zero", "one"]);
  });

  test("of a rolled-back transaction are not heard", async () => {
    const heard: string[] = [];
    await store.listen("rumour", (payload) => heard.push(payload));
    await failure(
      store.transaction(async (tx) => {
        tx.notify("rumour", "false");
        throw new Error("no");
      }),
    );
    await store.transaction((tx) => tx.notify("rumour", "true"));
    await eventually(() => expect(heard).toEqual(["true"]));
  });

  test("after a lost connection every listener is woken, and hears again", async () => {
    const heard: string[] = [];
    const other: string[] = [];
    await store.listen("weather", (payload) => heard.push(payload));
    await Promise.all([1, 2, 3].map((n) => store.listen(`w${n}`, (payload) => other.push(payload))));
    await asAdmin(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'probe listen'",
    );
    await eventually(() => expect([heard, other]).toEqual([[""], ["", "", ""]]));
    await store.transaction((tx) => tx.notify("weather", "rain"));
    await eventually(() => expect(heard).toEqual(["", "rain"]));
  });

  test("many may listen to one channel, each until it leaves", async () => {
    const counts = [0, 0, 0];
    const leaves = await Promise.all(
      counts.map((_, index) =>
        store.listen("crowd", () => {
          counts[index] = (counts[index] ?? 0) + 1;
        }),
      ),
    );
    await leaves[0]?.();
    await store.transaction((tx) => tx.notify("crowd"));
    await eventually(() => expect(counts).toEqual([0, 1, 1]));
  });
});

describe("clock_now()", () => {
  test("follows the platform's clock in transactions and reads, also when it steps", async () => {
    const clock = testClock("2031-05-01T12:00:00Z");
    const moved = await schema.open({ now: clock.now, maxConnections: 1 });
    const ask = (tx: Tx) => tx.query<{ now: Temporal.Instant }>("select clock_now() as now");
    for (const run of [moved.transaction, moved.read, moved.readSnapshot]) {
      clock.advance({ hours: -7 });
      const [row] = await run(ask);
      const aheadMs = (row?.now.epochMilliseconds ?? 0) - clock.now().epochMilliseconds;
      expect(aheadMs).toBeGreaterThanOrEqual(0);
      expect(aheadMs).toBeLessThan(2_000);
    }
  });

  test("is the database's own where the platform's is the machine's", async () => {
    const [row] = await store.transaction((tx) =>
      tx.query<{ same: boolean }>("select clock_now() - clock_timestamp() between '-1 ms' and '1 ms' as same"),
    );
    expect(row).toEqual({ same: true });
  });
});

test("close() waits for what runs, and may be called twice", async () => {
  const closing = await schema.open();
  const running = closing.transaction((tx) => tx.query("select 1 as one from pg_sleep(0.1)"));
  await closing.ping();
  await Promise.all([closing.close(), closing.close()]);
  expect(await running).toEqual([{ one: 1 }]);
  expect(await failure(closing.ping())).toMatchObject({ reason: "UNAVAILABLE" });
});

async function failure(work: Promise<unknown> | undefined): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not fail");
}

async function runAs(url: string, sql: string, values: readonly unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql, [...values]);
  await client.end();
}

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
