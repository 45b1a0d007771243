import { eventually, type TestStore, testStore } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { eventsMigrations } from "../index.ts";
import { takeLease } from "./lease.ts";

describe("the relay's lease", () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await testStore({ schema: "shop", folders: [eventsMigrations] });
  });
  afterAll(() => store.drop());
  beforeEach(async () => {
    await store.transaction((tx) => tx.query("delete from relay_lease"));
  });

  const leftMs = async () => {
    const [row] = await store.read((tx) =>
      tx.query<{ ms: number }>(
        "select (extract(epoch from expire_time - clock_timestamp()) * 1000)::float8 as ms from relay_lease",
      ),
    );
    return row?.ms ?? 0;
  };

  test("given a holder, then nobody else gets it, until it is given up", async () => {
    const first = await takeLease(store, 60_000);
    expect(first?.epoch).toBe(1n);
    expect(await takeLease(store, 60_000)).toBeUndefined();
    await first?.release();
    expect(await first?.isHeld()).toBe(false);
    const second = await takeLease(store, 60_000);
    expect(second?.epoch).toBe(2n);
    await first?.release();
    expect(await second?.isHeld()).toBe(true);
    expect(await leftMs()).toBeGreaterThan(30_000);
  });

  test("given many who ask at once, then one gets it", async () => {
    const terms = await Promise.all(Array.from({ length: 8 }, () => takeLease(store, 60_000)));
    expect(terms.filter((term) => term !== undefined)).toHaveLength(1);
  });

  test("given a holder that asks in time, then the lease is renewed and lasts longer than it was given for", async () => {
    const term = await takeLease(store, 300);
    const startMs = performance.now();
    await eventually(async () => {
      expect(await term?.isHeld()).toBe(true);
      expect(performance.now() - startMs).toBeGreaterThan(700);
    });
    expect(await takeLease(store, 300)).toBeUndefined();
  });

  test("given a holder whose lease has run out, when another has taken it, then it may not speak, nor prolong the other's", async () => {
    const first = await takeLease(store, 1);
    const second = await eventually(async () => {
      const term = await takeLease(store, 60_000);
      expect(term?.epoch).toBe(2n);
      return term;
    });
    expect(await first?.isHeld()).toBe(false);
    expect(await first?.isHeld()).toBe(false);
    expect(await second?.isHeld()).toBe(true);
  });

  test("given a holder whose lease has run out and nobody came, then it goes on in the same epoch", async () => {
    const term = await takeLease(store, 1);
    await eventually(async () => expect(await leftMs()).toBeLessThan(0));
    expect(await term?.isHeld()).toBe(true);
    expect(term?.epoch).toBe(1n);
  });

  test("given a process that is alone, then it takes the lease of its dead predecessor at once", async () => {
    const first = await takeLease(store, 60_000);
    const second = await takeLease(store, 60_000, true);
    expect([first?.epoch, second?.epoch]).toEqual([1n, 2n]);
  });
});
