import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { defineEntity, p } from "@mikro-orm/core";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import { bigintType, encryptedText, instantType, plainDateType, updateRow } from "../entities.ts";
import { ConstraintViolation, openKeyRing, type Store } from "../index.ts";

const keys = await openKeyRing({ versions: [{ version: 1, key: Buffer.alloc(32, 1) }] });

const Pet = defineEntity({
  name: "Pet",
  properties: {
    id: p.uuid().primary(),
    name: p.type(encryptedText(keys, "pet.name")),
    note: p.type(encryptedText(keys, "pet.note")).nullable(),
    birthDate: p.type(plainDateType).nullable(),
    seenTime: p.type(instantType),
    priceMinor: p.type(bigintType),
    tags: p.array(),
    weights: p.json<{ kg: number }[]>(),
    photo: p.blob().nullable(),
    version: p.type(bigintType),
  },
});

let schema: TestSchema;
let store: Store;

beforeAll(async () => {
  schema = await testSchema(`
    create table pet (id uuid primary key, name bytea not null, note bytea, birth_date date, seen_time timestamptz not null,
      price_minor bigint not null, tags text[] not null, weights jsonb not null, photo bytea, version bigint not null);`);
  store = await schema.open({ entities: [Pet], maxConnections: 20 });
});

afterAll(() => schema.drop());

const rex = {
  name: "ريكس 'O\\'; --",
  note: null,
  birthDate: Temporal.PlainDate.from("2020-02-29"),
  seenTime: Temporal.Instant.from("2026-03-01T09:00:00.123456Z"),
  priceMinor: 2n ** 60n,
  tags: ["a,b", 'c"d', "{}", "e\\f"],
  weights: [{ kg: 4.5 }],
  photo: Buffer.from([0, 1, 255, 92, 39]),
  version: 1n,
};

describe("entities", () => {
  test("come back as they were saved, and are not saved again when nothing changed", async () => {
    const id = crypto.randomUUID();
    await store.transaction(async (tx) => {
      tx.em.create(Pet, { id, ...rex });
    });
    const [row] = await store.read((tx) => tx.query<{ name: Buffer }>("select name from pet where id = $1", [id]));
    expect(row?.name.toString("latin1")).not.toContain("ريكس");
    const found = await store.read(async (tx) => ({ ...(await tx.em.findOneOrFail(Pet, { id })) }));
    expect(found).toEqual({ id, ...rex });
    const xmin = () => store.read((tx) => tx.query("select xmin::text as xmin from pet where id = $1", [id]));
    const before = await xmin();
    await store.transaction(async (tx) => void (await tx.em.findOneOrFail(Pet, { id })));
    expect(await xmin()).toEqual(before);
  });

  test("can be found by what their types compare", async () => {
    const id = crypto.randomUUID();
    await store.transaction(async (tx) => void tx.em.create(Pet, { id, ...rex, priceMinor: 77n }));
    const found = await store.read((tx) =>
      tx.em.find(Pet, { priceMinor: { $in: [77n, 78n] }, seenTime: { $lte: rex.seenTime }, birthDate: rex.birthDate }),
    );
    expect(found.map((pet) => pet.id)).toEqual([id]);
  });

  test("and statements share a transaction, which rolls back both", async () => {
    const id = crypto.randomUUID();
    const work = store.transaction(async (tx) => {
      tx.em.create(Pet, { id, ...rex });
      await tx.em.flush();
      expect(await tx.query("select from pet where id = $1", [id])).toHaveLength(1);
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    expect(await store.read((tx) => tx.em.findOne(Pet, { id }))).toBeNull();
  });

  test("may use transactions within the transaction", async () => {
    const [kept, lost] = [crypto.randomUUID(), crypto.randomUUID()];
    await store.transaction(async (tx) => {
      tx.em.create(Pet, { id: kept, ...rex });
      await tx.em.flush();
      const inner = tx.em.transactional(async (em) => {
        em.create(Pet, { id: lost, ...rex });
        await em.flush();
        throw new Error("inner");
      });
      await expect(inner).rejects.toThrow("inner");
    });
    const found = await store.read((tx) => tx.em.find(Pet, { id: [kept, lost] }));
    expect(found.map(({ id }) => id)).toEqual([kept]);
  });

  test("break rules with the store's errors", async () => {
    const id = crypto.randomUUID();
    await store.transaction(async (tx) => void tx.em.create(Pet, { id, ...rex }));
    await expect(store.transaction(async (tx) => void tx.em.create(Pet, { id, ...rex }))).rejects.toBeInstanceOf(
      ConstraintViolation,
    );
  });

  test("need to be named when the store is opened", async () => {
    const bare = await schema.open();
    await expect(bare.read(async (tx) => tx.em)).rejects.toThrow("without entities");
  });
});

describe("updateRow()", () => {
  test("saves what the decision returns, one after the other", async () => {
    const id = crypto.randomUUID();
    await store.transaction(async (tx) => void tx.em.create(Pet, { id, ...rex, priceMinor: 0n }));
    await Promise.all(
      Array.from({ length: 16 }, () =>
        store.transaction((tx) =>
          updateRow(tx, Pet, { id }, async (pet) => ({
            ...pet,
            priceMinor: pet.priceMinor + 1n,
            version: pet.version + 1n,
          })),
        ),
      ),
    );
    const [row] = await store.read((tx) => tx.query("select price_minor, version from pet where id = $1", [id]));
    expect(row).toEqual({ price_minor: 16n, version: 17n });
  });

  test("returns the row as saved, and keeps what was not touched", async () => {
    const id = crypto.randomUUID();
    await store.transaction(async (tx) => void tx.em.create(Pet, { id, ...rex }));
    const saved = await store.transaction((tx) =>
      updateRow(tx, Pet, { id }, (pet) => ({ ...pet, name: "Bo", note: "shy", weights: [...pet.weights, { kg: 5 }] })),
    );
    expect(saved).toEqual({ id, ...rex, name: "Bo", note: "shy", weights: [{ kg: 4.5 }, { kg: 5 }] });
    expect(await store.read(async (tx) => ({ ...(await tx.em.findOne(Pet, { id })) }))).toEqual(saved);
  });

  test("sees what another transaction did since this one last looked", async () => {
    const id = crypto.randomUUID();
    await store.transaction(async (tx) => void tx.em.create(Pet, { id, ...rex, priceMinor: 1n }));
    await store.transaction(async (tx) => {
      await tx.em.findOneOrFail(Pet, { id });
      await store.transaction((other) => other.query("update pet set price_minor = 10 where id = $1", [id]));
      await updateRow(tx, Pet, { id }, (pet) => ({ ...pet, priceMinor: pet.priceMinor + 1n }));
    });
    const [row] = await store.read((tx) => tx.query("select price_minor from pet where id = $1", [id]));
    expect(row).toEqual({ price_minor: 11n });
  });

  test("saves nothing when the decision fails, and refuses when there is no row", async () => {
    const id = crypto.randomUUID();
    await store.transaction(async (tx) => void tx.em.create(Pet, { id, ...rex }));
    await store.transaction(async (tx) => {
      const refused = updateRow(tx, Pet, { id }, () => {
        throw new Error("not allowed");
      });
      await expect(refused).rejects.toThrow("not allowed");
    });
    await expect(
      store.transaction((tx) => updateRow(tx, Pet, { id: crypto.randomUUID() }, (pet) => pet)),
    ).rejects.toMatchObject({ reason: "NOT_FOUND" });
    expect(await store.read(async (tx) => ({ ...(await tx.em.findOne(Pet, { id })) }))).toEqual({ id, ...rex });
  });
});
