import { type TestStore, testStore } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { pruneInbox } from "./inbox.ts";
import { eventsMigrations } from "./index.ts";

describe("pruneInbox", () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await testStore({ schema: "desk", folders: [eventsMigrations] });
  });
  afterAll(() => store.drop());

  const receive = (consumer: string, ageHours: number, count: number) =>
    store.transaction((tx) =>
      tx.query(
        `insert into inbox (consumer, event_id)
         select $1, (lpad(to_hex((extract(epoch from clock_timestamp() - make_interval(hours => $2)) * 1000)::bigint), 12, '0')
           || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid
         from generate_series(1, $3) n`,
        [consumer, ageHours, count],
      ),
    );
  const left = async () =>
    await store.read((tx) =>
      tx.query("select consumer, count(*)::int as count from inbox group by consumer order by consumer"),
    );

  test("given old and new entries of several consumers, then the old ones of all of them go, however many", async () => {
    await receive("desk.mail", 49, 6_000);
    await receive("desk.mail", 47, 3);
    await receive("desk.copies", 49, 5_500);
    await receive("desk.stats", 1, 2);
    expect(await pruneInbox(store, Temporal.Duration.from({ hours: 48 }))).toBe(11_500);
    expect(await left()).toEqual([
      { consumer: "desk.mail", count: 3 },
      { consumer: "desk.stats", count: 2 },
    ]);
    expect(await pruneInbox(store, Temporal.Duration.from({ hours: 48 }))).toBe(0);
  });
});
