import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { proxyTo } from "../../test/proxy.ts";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import type { Store } from "../open-store.ts";

let schema: TestSchema;
let store: Store;
beforeAll(async () => {
  schema = await testSchema(`
    create table thing (id int primary key, note text);
    create table log (id bigint generated always as identity primary key, what text not null);
  `);
  store = await schema.open();
});
afterAll(() => schema.drop());

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const logged = async (what: string) => (await store.query("select from log where what = $1", [what])).length;

describe("a posted statement", () => {
  test("given it works, then it is committed with the rest, in its place", async () => {
    await store.transaction(async (tx) => {
      tx.post("insert into thing values (1, 'posted')");
      await tx.query("update thing set note = note || ', then changed' where id = 1");
      tx.post("update thing set note = note || ', then posted' where id = 1");
    });
    expect(await store.query("select note from thing where id = 1")).toEqual([
      { note: "posted, then changed, then posted" },
    ]);
  });

  test("given it fails, then its failure is the transaction's and nothing is kept", async () => {
    await store.query("insert into thing values (10, 'there')");
    const work = store.transaction(async (tx) => {
      await tx.query("insert into log (what) values ('kept?')");
      tx.post("insert into thing values (10, 'again')");
      return "done";
    });
    expect(await failure(work)).toMatchObject({ name: "ConstraintViolation", kind: "unique" });
    expect(await logged("kept?")).toBe(0);
  });

  test("given it fails before others, then the first failure is told, not what followed from it", async () => {
    const work = store.transaction(async (tx) => {
      tx.post("insert into thing values (10, 'again')");
      await tx.query("insert into log (what) values ('after')");
    });
    expect(await failure(work)).toMatchObject({ name: "ConstraintViolation" });
  });

  test("given a parameter that cannot be sent, then nothing at all is committed", async () => {
    const work = store.transaction(async (tx) => {
      await tx.query("insert into log (what) values ('before')");
      tx.post("insert into log (what) values ($1)", [{ amount: 1n }]);
    });
    expect(await failure(work)).toBeInstanceOf(TypeError);
    expect(await logged("before")).toBe(0);
  });

  test("given an awaited statement that failed before it, then that failure is told", async () => {
    const work = store.transaction(async (tx) => {
      const inserted = tx.query("insert into thing values (10, 'again')");
      tx.post("insert into log (what) values ('behind')");
      await inserted;
    });
    expect(await failure(work)).toMatchObject({ name: "ConstraintViolation" });
  });

  test("given the work answers a violation with an error of its own, then that one is told", async () => {
    const work = store.transaction(async (tx) => {
      await tx.query("insert into thing values (10, 'again')").catch(() => {});
      tx.post("insert into log (what) values ('behind')");
      throw new TypeError("mapped");
    });
    expect(await failure(work)).toEqual(new TypeError("mapped"));
  });

  test("given a deadlock, then it runs again and takes effect once", async () => {
    await store.query("insert into thing values (20, ''), (21, '')");
    let begun = 0;
    const both = Promise.withResolvers<void>();
    const change = (first: number, second: number) =>
      store.transaction(async (tx) => {
        await tx.query("update thing set note = note || 'x' where id = $1", [first]);
        begun += 1;
        if (begun === 2) both.resolve();
        await both.promise;
        tx.post("update thing set note = note || 'x' where id = $1", [second]);
      });
    await Promise.all([change(20, 21), change(21, 20)]);
    expect(await store.query("select note from thing where id in (20, 21)")).toEqual([{ note: "xx" }, { note: "xx" }]);
  });

  test("given a connection that dies when all has been sent and nothing answered, then it does not happen twice", async () => {
    let isLost = false;
    const proxy = await proxyTo(schema, {
      toServer: (bytes) => {
        isLost ||= bytes.includes("/* once */");
        return true;
      },
      toClient: (_, client) => {
        if (!isLost) return true;
        setTimeout(() => {
          isLost = false;
          client.resetAndDestroy();
        }, 100);
        return false;
      },
    });
    const distant = await schema.open({ url: proxy.url, maxConnections: 1 });
    await distant.ping();
    await failure(distant.transaction((tx) => tx.post("insert into log (what) values ('once') /* once */")));
    expect(await logged("once")).toBeLessThan(2);
    proxy.close();
  });
});
