import type { Store, Tx } from "@dawr/store";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { expiryTimer } from "../src/events/expiry.ts";
import { changesStatement, snapshotStatement } from "../src/rpc/watch-bookings.ts";
import { findBooking } from "../src/store/bookings.ts";
import { beginHold } from "../src/store/hold-attempts.ts";
import { listBookings, listHistory } from "../src/store/list-bookings.ts";
import { openWorld, type World } from "./world.ts";

/** 100,000 bookings of 200 providers and 5,000 customers; one provider has 20,000 of them. */
let world: World;
let store: Store;
let owner: pg.Client;
const provider = "00000000-0000-7000-8000-000000000001";
const customer = "00000000-0000-7000-9000-000000000001";

beforeAll(async () => {
  world = await openWorld();
  store = world.running().service("booking").store;
  await store.transaction((tx) =>
    tx.query(
      `insert into booking (provider_id, id, customer_id, version, state, payment_state, start_time, end_time, time_zone,
         party_size, items, reservation_name, fencing_token, hold_expire_time, create_time, update_time)
       select ('00000000-0000-7000-8000-' || lpad(to_hex(case when n % 5 = 0 then 1 else n % 200 end), 12, '0'))::uuid,
         (lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid,
         ('00000000-0000-7000-9000-' || lpad(to_hex(n % 5000), 12, '0'))::uuid,
         1, case when n % 1000 = 0 then 'HELD' else 'COMPLETED' end, 'NONE',
         clock_now() - make_interval(mins => n), clock_now() - make_interval(mins => n) + interval '1 hour', 'UTC', 1,
         '[]', 'providers/x/reservations/' || n, 1, clock_now() + interval '1 day', clock_now(), clock_now()
       from generate_series(1, 100000) n`,
    ),
  );
  await world
    .running()
    .service("booking")
    .store.transaction((tx) =>
      tx.query(
        `insert into booking_history (provider_id, booking_id, version, from_state, state, changed_by, reason, change_time)
     select provider_id, id, 1, '', state, 'x', '', create_time from booking`,
      ),
    );
  await store.transaction((tx) =>
    tx.query(
      "insert into hold_attempt select 'accounts/' || n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), int8send(n), clock_now(), clock_now() from generate_series(1, 20000) n",
    ),
  );
  owner = new pg.Client(world.ownerUrl);
  await owner.connect();
  await owner.query("set search_path = booking, extensions");
  // As autovacuum does: partitions that have rows, not those that wait for theirs.
  await owner.query("analyze booking_default, booking_history_default, hold_attempt");
}, 60_000);
afterAll(async () => {
  await owner.end();
  await world.close();
});

/** Every statement that some work sends, with its plan for any parameters, as prepared statements have, and for these. */
async function plansOf(work: (tx: Tx) => Promise<unknown>): Promise<readonly string[]> {
  const plans: string[] = [];
  await store.transaction(async (tx) => {
    await work(explained(tx, plans));
  });
  return plans;
}

function explained(tx: Tx, plans: string[]): Tx {
  const query: Tx["query"] = async (sql, params) => {
    plans.push(JSON.stringify((await owner.query(`explain (generic_plan, format json) ${sql}`)).rows));
    plans.push(JSON.stringify(await tx.query(`explain (format json) ${sql}`, params)));
    return await tx.query(sql, params);
  };
  return Object.create(tx, { query: { value: query } });
}

describe("given 100,000 bookings, when asked, then an index answers and no table is read whole", () => {
  const id = "018bcfe5-6801-7000-8000-000000000001";
  const query = {
    customerId: undefined,
    providerId: undefined,
    states: [],
    startFrom: undefined,
    startBefore: undefined,
    beforeId: undefined,
    limit: 51,
  };
  const rows: readonly (readonly [string, (tx: Tx) => Promise<unknown>])[] = [
    ["by name", (tx) => findBooking(tx, { providerId: provider, id })],
    ["list of a provider", (tx) => listBookings(tx, { ...query, providerId: provider })],
    ["a later page of a provider", (tx) => listBookings(tx, { ...query, providerId: provider, beforeId: id })],
    ["list of a customer", (tx) => listBookings(tx, { ...query, customerId: customer })],
    ["history", (tx) => listHistory(tx, provider, id, 0n, 51)],
    ["a provider's snapshot", (tx) => tx.query(snapshotStatement("provider_id"), [provider, world.clock.now()])],
    ["a customer's snapshot", (tx) => tx.query(snapshotStatement("customer_id"), [customer, world.clock.now()])],
    ["a provider's changes", (tx) => tx.query(changesStatement("provider_id"), [provider, "100:100:"])],
    ["a customer's changes", (tx) => tx.query(changesStatement("customer_id"), [customer, "100:100:"])],
  ];
  test.each(rows)("%s", async (_, work) => {
    const plans = await plansOf(work);
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) expect(plan).not.toContain('"Seq Scan"');
  });

  test("the limits of holds", async () => {
    await store.transaction((tx) =>
      tx.query(
        `insert into hold_attempt (actor, request_id, booking_id, account_id, address_hash, live_until, expire_time)
         select 'accounts/' || n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), int4send(n),
           clock_now() + interval '1 hour', clock_now() + interval '1 hour' from generate_series(1, 20000) n`,
      ),
    );
    const read = await store.transaction(async (tx) => {
      const scanned = async () => {
        const [row] = await tx.query<{ rows: bigint }>(
          "select coalesce(sum(seq_tup_read), 0)::bigint as rows from pg_stat_xact_user_tables where relname = 'hold_attempt'",
        );
        return row?.rows ?? 0n;
      };
      const before = await scanned();
      const attempt = {
        actor: "accounts/x",
        method: "dawr.booking.v1.BookingService/HoldSlot",
        accountId: customer,
        addressHash: new Uint8Array(8),
        perAccount: 30,
        perAddress: 100,
        hold: Temporal.Duration.from("PT15M"),
      };
      for (let attempts = 0; attempts < 8; attempts++)
        await beginHold(tx, { ...attempt, requestId: crypto.randomUUID() }, () => crypto.randomUUID());
      return (await scanned()) - before;
    });
    expect(read).toBe(0n);
  });

  test("the next expiry", async () => {
    const statements: string[] = [];
    const read: Store["read"] = (work) => store.read((tx) => work(explained(tx, statements)));
    const timer = expiryTimer(Object.create(store, { read: { value: read } }), world.clock.now);
    await timer.next();
    await timer.fire();
    expect(statements).toHaveLength(4);
    for (const plan of statements) {
      expect(plan).toContain("hold_expire_time");
      expect(plan).not.toContain('"Seq Scan"');
    }
  });
});
