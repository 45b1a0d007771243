import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import {
  countUnderOlderKeys,
  dataKeyColumn,
  destroyDataKey,
  ensureDataKey,
  findDataKeys,
  type KeyRing,
  openKeyRing,
  rotateColumn,
  type Store,
} from "../index.ts";

const one = { version: 1, key: Buffer.alloc(32, 1) };
const two = { version: 2, key: Buffer.alloc(32, 2) };

let schema: TestSchema;
let store: Store;
let keys: KeyRing;

beforeAll(async () => {
  schema = await testSchema("");
  store = await schema.open({ maxConnections: 12 });
  keys = await openKeyRing({ versions: [one] });
});

beforeEach(() => store.transaction((tx) => tx.query("delete from data_key")));

afterAll(() => schema.drop());

const ensure = (owner: string, ring = keys) => store.transaction((tx) => ensureDataKey(tx, ring, owner));
const find = (owners: readonly string[], ring = keys) => store.read((tx) => findDataKeys(tx, ring, owners));
const destroy = (owner: string) => store.transaction((tx) => destroyDataKey(tx, owner));
const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe("the key of an owner's data", () => {
  test("given many ask at once, then all have the same one, and readers find it; other owners have others", async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => ensure("accounts/1")));
    const sealed = all[0]?.encrypt("allergic to nuts", "note") ?? Buffer.of();
    for (const key of all) expect(textOf(key.decrypt(sealed, "note"))).toBe("allergic to nuts");
    const other = await ensure("accounts/2");
    expect(() => other.decrypt(sealed, "note")).toThrow();
    const found = await find(["accounts/1", "accounts/1", "accounts/2", "accounts/3"]);
    expect([...found.keys()].sort()).toEqual(["accounts/1", "accounts/2"]);
    expect(textOf(found.get("accounts/1")?.decrypt(sealed, "note"))).toBe("allergic to nuts");
    expect(await find([])).toEqual(new Map());
  });

  test("given it was destroyed, whether or not there was one, then nobody reads with it, and there is no other", async () => {
    await ensure("accounts/1");
    for (const owner of ["accounts/1", "accounts/2"]) {
      await destroy(owner);
      await destroy(owner);
      expect(await find([owner])).toEqual(new Map());
      await expect(ensure(owner)).rejects.toMatchObject({ reason: "NOT_FOUND", metadata: { name: owner } });
    }
  });

  test("given somebody is writing with it, then it is destroyed only after that", async () => {
    const order: string[] = [];
    let destroyed: Promise<unknown> = Promise.resolve();
    await store.transaction(async (tx) => {
      await ensureDataKey(tx, keys, "accounts/1");
      destroyed = destroy("accounts/1").then(() => order.push("destroyed"));
      await somebodyWaits();
      order.push("written");
    });
    await destroyed;
    expect(order).toEqual(["written", "destroyed"]);
  });

  test("given somebody is destroying it, then who would write waits, and is refused", async () => {
    let written: Promise<unknown> = Promise.resolve();
    await store.transaction(async (tx) => {
      await destroyDataKey(tx, "accounts/1");
      written = ensure("accounts/1").catch((error: unknown) => error);
      await somebodyWaits();
    });
    expect(await written).toMatchObject({ reason: "NOT_FOUND" });
  });

  test("given the platform's keys change, then it is wrapped anew, and what it has encrypted stays as it is", async () => {
    const sealed = (await ensure("accounts/1")).encrypt("allergic to nuts", "note");
    await destroy("accounts/2");
    const rotated = await openKeyRing({ versions: [one, two] });
    expect(await rotateColumn(store, rotated, dataKeyColumn)).toBe(1);
    expect(await countUnderOlderKeys(store, rotated, dataKeyColumn)).toBe(0);
    const onlyNew = await openKeyRing({ versions: [two], indexKey: Buffer.alloc(32, 9) });
    const found = await find(["accounts/1", "accounts/2"], onlyNew);
    expect(textOf(found.get("accounts/1")?.decrypt(sealed, "note"))).toBe("allergic to nuts");
    expect(found.size).toBe(1);
    // A ring does not take it for a value of its own.
    expect(rotated.versionOf(sealed)).toBeUndefined();
  });
});

/** Waits until another connection waits for a lock. */
async function somebodyWaits(): Promise<void> {
  await eventually(async () => {
    const rows = await store.read((tx) =>
      tx.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"),
    );
    expect(rows).toHaveLength(1);
  });
}
