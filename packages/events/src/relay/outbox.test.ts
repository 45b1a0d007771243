import type { Tx } from "@dawr/store";
import { type TestStore, testStore } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventsMigrations } from "../index.ts";
import { deleteDelivered, readOutbox } from "./outbox.ts";

describe("the outbox table", () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await testStore({ schema: "shop", folders: [eventsMigrations] });
  });
  afterAll(() => store.drop());

  const fillIn = (tx: Tx, count: number) =>
    tx.query(
      `insert into outbox (id, type, subject, key, sequence, time, data)
       select gen_random_uuid(), 'dawr.testing.v1.Tested', 's', (n % 500)::text, n, clock_timestamp(), decode(repeat('00', 300), 'hex')
       from generate_series(1, $1) n`,
      [count],
    );
  test("given plans made while the table was empty, when events pile up, then they are found and deleted by the index", async () => {
    await store.transaction((tx) =>
      tx.query("insert into relay_lease values ('outbox', 7, gen_random_uuid(), clock_timestamp())"),
    );
    await store.transaction((tx) => tx.query("analyze outbox"));
    const scans = await store.transaction(async (tx) => {
      const call = async (known: readonly string[]) => {
        const rows = await tx.query<{ position: bigint }>("select position from outbox_read($1, $2, 500)", [
          known,
          ["1"],
        ]);
        await tx.query("select outbox_delete($1, 7)", [rows.map(({ position }) => position)]);
        return rows;
      };
      // What the connection did before and has not reported yet is counted too.
      const seqScans = () =>
        tx.query<{ seq_scan: bigint }>("select seq_scan from pg_stat_xact_user_tables where relname = 'outbox'");
      const before = await seqScans();
      for (let time = 0; time < 10; time++) await call([]);
      await fillIn(tx, 50_000);
      const known = Array.from({ length: 4_000 }, (_, index) => String(1 + index));
      expect(await call(known)).toHaveLength(500);
      return { before, after: await seqScans() };
    });
    expect(scans.after).toEqual(scans.before);
  });

  test("given an epoch that is over, then nothing is deleted", async () => {
    const rows = await readOutbox(store, [], [], 3);
    const positions = rows.map(({ position }) => position);
    expect(positions).toHaveLength(3);
    expect(await deleteDelivered(store, positions, 6n)).toBe(false);
    expect((await readOutbox(store, [], [], 3)).map(({ position }) => position)).toEqual(positions);
    expect(await deleteDelivered(store, positions, 7n)).toBe(true);
    expect((await readOutbox(store, positions, [], 3)).map(({ position }) => position)).not.toEqual(positions);
  });
});
