import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import { type KeyRing, openKeyRing, rotateColumn, type Store } from "../index.ts";

const one = { version: 1, key: Buffer.alloc(32, 1) };
const two = { version: 2, key: Buffer.alloc(32, 2) };

let schema: TestSchema;
let store: Store;
let old: KeyRing;
let rotated: KeyRing;

beforeAll(async () => {
  schema = await testSchema(
    "create table person (home text, id int, name bytea, data_key bytea, primary key (home, id));",
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
  const names = { table: "person", key: ["home", "id"], column: "name", context: "person.name", batchSize: 4 };
  await store.transaction(async (tx) => {
    await tx.query("select from person where id = 7 for update");
    expect(await rotateColumn(store, rotated, names)).toBe(count - 2);
  });
  expect(await rotateColumn(store, rotated, names)).toBe(1);
  expect(await rotateColumn(store, rotated, names)).toBe(0);

  const dataKeys = {
    ...names,
    column: "data_key",
    holds: "data key",
    context: ([, id]: readonly unknown[]) => `people/${id}`,
  } as const;
  expect(await rotateColumn(store, rotated, dataKeys)).toBe(count);

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
