import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { failure, runAs } from "../../test/by-hand.ts";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import type { Store } from "../index.ts";

let schema: TestSchema;
let store: Store;

beforeAll(async () => {
  schema = await testSchema("");
  store = await schema.open();
});

afterAll(() => schema.drop());

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
    await runAs(
      schema.database.adminUrl,
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
