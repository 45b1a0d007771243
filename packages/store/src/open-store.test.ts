import { testClock } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { failure } from "../test/by-hand.ts";
import { type TestSchema, testSchema } from "../test/test-schema.ts";
import { ConstraintViolation, StatementError, type Store, type Tx } from "./index.ts";

let schema: TestSchema;
let store: Store;

beforeAll(async () => {
  schema = await testSchema(`
    create table account (id int primary key, balance bigint not null check (balance >= 0));
    create table slot (id int primary key, during tstzrange not null, exclude using gist (during with &&));
    create table entry (id int generated always as identity, account_id int not null references account (id));
    insert into account values (3, 7);
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
