import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import { canReadColumn, countUnderOlderKeys, type KeyRing, openKeyRing, rotateColumn, type Store } from "../index.ts";

const one = { version: 1, key: Buffer.alloc(32, 1) };
const two = { version: 2, key: Buffer.alloc(32, 2) };

let schema: TestSchema;
let store: Store;
let old: KeyRing;
let rotated: KeyRing;

beforeAll(async () => {
  schema = await testSchema(
    `create table person (home text, id int, name bytea, data_key bytea, primary key (home, id));
     create table answer (id int primary key, response bytea not null);
     create table note (id int primary key, body bytea not null);`,
  );
  store = await schema.open();
  old = await openKeyRing({ versions: [one] });
  rotated = await openKeyRing({ versions: [one, two] });
});

afterAll(() => schema.drop());

test("rows are encrypted anew in batches, locked ones at the next run, and then nothing is left", async () => {
  const count = 25;
  await store.transaction(async (tx) => {
    for (let id = 0; id < count; id++) {
      const name = id === 3 ? null : old.encrypt(`name ${id}`, "person.name");
      const { wrapped } = old.newDataKey(`people/${id}`);
      await tx.query("insert into person values ($1, $2, $3, $4)", [`home ${id % 3}`, id, name, wrapped]);
    }
  });
  const names = { table: "person", key: ["home", "id"], column: "name", context: "person.name" };
  const inFours = { batchSize: 4 };
  expect(await countUnderOlderKeys(store, rotated, names)).toBe(count - 1);
  await store.transaction(async (tx) => {
    await tx.query("select from person where id = 7 for update");
    expect(await rotateColumn(store, rotated, names, inFours)).toBe(count - 2);
  });
  expect(await countUnderOlderKeys(store, rotated, names)).toBe(1);
  expect(await rotateColumn(store, rotated, names, inFours)).toBe(1);
  expect(await rotateColumn(store, rotated, names, inFours)).toBe(0);
  expect(await countUnderOlderKeys(store, rotated, names)).toBe(0);

  const dataKeys = {
    ...names,
    column: "data_key",
    holds: "data key",
    context: ([, id]: readonly unknown[]) => `people/${id}`,
  } as const;
  expect(await rotateColumn(store, rotated, dataKeys, inFours)).toBe(count);

  const onlyNew = await openKeyRing({ versions: [two], indexKey: Buffer.alloc(32, 9) });
  const rows = await store.read((tx) =>
    tx.query<{ id: number; name: Buffer | null; data_key: Buffer }>(
      "select id, name, data_key from person order by id",
    ),
  );
  expect(rows.map(({ name }) => name && Buffer.from(onlyNew.decrypt(name, "person.name")).toString())).toEqual(
    Array.from({ length: count }, (_, id) => (id === 3 ? null : `name ${id}`)),
  );
  for (const { id, data_key } of rows) onlyNew.unwrapDataKey(data_key, `people/${id}`);
});

test("given a run that was ended between two batches, when it is run again, then it goes on with what is left", async () => {
  const column = { table: "answer", key: ["id"], column: "response", context: "answer" };
  await store.transaction(async (tx) => {
    for (let id = 0; id < 10; id++) {
      // What no ring has encrypted stands among the rest, and is left as it is.
      const bytes = id % 5 === 0 ? Buffer.from([10, 3, 97, 98, 99]) : old.encrypt(`answer ${id}`, "answer");
      await tx.query("insert into answer values ($1, $2)", [id, bytes]);
    }
  });
  const stop = new AbortController();
  const batches: number[] = [];
  const options = { batchSize: 3, signal: stop.signal, onBatch: (rows: number) => stop.abort(batches.push(rows)) };
  await expect(rotateColumn(store, rotated, column, options)).rejects.toBe(1);
  expect([batches, await countUnderOlderKeys(store, rotated, column)]).toEqual([[3], 5]);
  expect(await rotateColumn(store, rotated, column)).toBe(5);
  expect(await countUnderOlderKeys(store, rotated, column)).toBe(0);
  const [plain] = await store.read((tx) => tx.query<{ response: Buffer }>("select response from answer where id = 5"));
  expect(plain?.response).toEqual(Buffer.from([10, 3, 97, 98, 99]));
});

test("given keys, when a column is tried, then they read it, or do not, or there is nothing to read", async () => {
  const other = await openKeyRing({ versions: [{ version: 1, key: Buffer.alloc(32, 8) }] });
  const column = { table: "note", key: ["id"], column: "body", context: "note" };
  const put = (id: number, body: Uint8Array) =>
    store.transaction((tx) => tx.query("insert into note values ($1, $2)", [id, body]));
  expect(await canReadColumn(store, old, column)).toBeUndefined();
  await put(1, Buffer.from([10, 3, 97]));
  expect(await canReadColumn(store, old, column)).toBeUndefined();
  await put(2, other.encrypt("text", "note"));
  expect(await canReadColumn(store, old, column)).toBe(false);
  await put(3, old.encrypt("text", "note"));
  expect(await canReadColumn(store, old, column)).toBe(true);
});

test("given a value under a key that is gone, when its column is run, then the error says where it is", async () => {
  const column = { table: "answer", key: ["id"], column: "response", context: "answer" };
  const three = await openKeyRing({ versions: [{ version: 3, key: Buffer.alloc(32, 3) }], indexKey: Buffer.alloc(32) });
  await expect(rotateColumn(store, three, column)).rejects.toThrow("answer.response of 1: no key of version 2");
});
