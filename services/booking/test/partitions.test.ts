import type { Store, Tx } from "@dawr/store";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { makePartitions } from "../src/store/partitions.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
let store: Store;
let owner: pg.Client;
const log = { info: () => {} };

beforeAll(async () => {
  world = await openWorld();
  store = world.running().service("booking").store;
  owner = new pg.Client(world.ownerUrl);
  await owner.connect();
  await owner.query("set search_path = booking, extensions");
});
afterAll(async () => {
  await owner.end();
  await world.close();
});

/** A UUIDv7 of an instant, with a number in its last digits. */
const idAt = (time: string, number = 0): string => {
  const milliseconds = Temporal.Instant.from(time).epochMilliseconds.toString(16).padStart(12, "0");
  const last = number.toString(16).padStart(12, "0");
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7000-8000-${last}`;
};

const provider = "00000000-0000-7000-8000-000000000001";

function insert(tx: Tx, id: string): Promise<readonly unknown[]> {
  return tx.query(
    `with made as (
       insert into booking (provider_id, id, customer_id, version, state, payment_state, start_time, end_time, time_zone,
         party_size, items, reservation_name, fencing_token, hold_expire_time, create_time, update_time)
       values ($1, $2, $1, 1, 'COMPLETED', 'NONE', now(), now() + interval '1 hour', 'UTC', 1, '[]', 'r', 1, now(), now(), now()))
     insert into booking_history (provider_id, booking_id, version, from_state, state, changed_by, reason, change_time)
     values ($1, $2, 1, '', 'COMPLETED', 'x', '', now())`,
    [provider, id],
  );
}

async function placeOf(id: string): Promise<readonly string[]> {
  const { rows } = await owner.query<{ place: string }>(
    `select tableoid::regclass::text as place from booking where id = $1
     union all select tableoid::regclass::text from booking_history where booking_id = $1`,
    [id],
  );
  return rows.map(({ place }) => place);
}

const made = (year: number, months: readonly string[]): readonly string[] =>
  months.flatMap((month) => ["booking", "booking_history"].map((parent) => `${parent} ${year}-${month}-01`));

describe("the partitions of bookings (BK-09)", () => {
  test("given the months around a new year, when they are made, then each instant's bookings lie in their UTC month", async () => {
    await makePartitions(store, Temporal.Instant.from("2031-11-30T23:59:59.999Z"), log);
    const table: readonly (readonly [string, string])[] = [
      ["2031-10-31T23:59:59.999Z", "default"],
      ["2031-11-01T00:00:00Z", "2031_11"],
      ["2031-11-30T23:59:59.999Z", "2031_11"],
      ["2031-12-01T00:00:00Z", "2031_12"],
      ["2031-12-31T23:59:59.999Z", "2031_12"],
      ["2032-01-01T00:00:00Z", "2032_01"],
      ["2032-02-29T23:59:59.999Z", "2032_02"],
      ["2032-03-01T00:00:00Z", "default"],
    ];
    for (const [time, place] of table) {
      await store.transaction((tx) => insert(tx, idAt(time)));
      expect([time, ...(await placeOf(idAt(time)))]).toEqual([time, `booking_${place}`, `booking_history_${place}`]);
    }
  });

  test("given bookings that came before their partition, when it is made, then they are taken along, and again nothing happens", async () => {
    const ids = [1, 2, 3].map((number) => idAt("2033-05-10T10:00:00Z", number));
    await store.transaction(async (tx) => {
      for (const id of ids) await insert(tx, id);
    });
    expect(await placeOf(ids[0] ?? "")).toEqual(["booking_default", "booking_history_default"]);
    const told: string[] = [];
    const telling = { info: (fields: { readonly partition: string }) => void told.push(fields.partition) };
    await makePartitions(store, Temporal.Instant.from("2033-05-31T10:00:00Z"), telling);
    await makePartitions(store, Temporal.Instant.from("2033-05-01T00:00:00Z"), telling);
    for (const id of ids) expect(await placeOf(id)).toEqual(["booking_2033_05", "booking_history_2033_05"]);
    expect(told).toEqual(made(2033, ["05", "06", "07", "08"]));
  });

  test("given bookings being made all the time, when eight replicas make partitions at once, then none is lost and each is made once", async () => {
    const told: string[] = [];
    const telling = { info: (fields: { readonly partition: string }) => void told.push(fields.partition) };
    const ids = Array.from({ length: 60 }, (_, number) => idAt("2035-02-03T04:05:06Z", number));
    await Promise.all([
      ...ids.map((id) => store.transaction((tx) => insert(tx, id))),
      ...Array.from({ length: 8 }, () => makePartitions(store, Temporal.Instant.from("2035-01-15T00:00:00Z"), telling)),
    ]);
    const { rows } = await owner.query(
      "select count(*)::int as count from booking join booking_history h on h.booking_id = id where id between $1 and $2",
      [idAt("2035-02-03T04:05:06Z"), idAt("2035-02-03T04:05:07Z")],
    );
    expect(rows).toEqual([{ count: ids.length }]);
    expect(told.toSorted()).toEqual(made(2035, ["01", "02", "03", "04"]).toSorted());
  });

  test("given the service's role, when it makes partitions, then it still may not change tables or the history", async () => {
    await makePartitions(store, Temporal.Instant.from("2036-01-15T00:00:00Z"), log);
    const id = idAt("2036-02-03T00:00:00Z");
    await store.transaction((tx) => insert(tx, id));
    for (const sql of [
      "drop table booking_2036_01",
      "create table booking_x partition of booking for values in (1)",
      `update booking_history set reason = 'y' where booking_id = '${id}'`,
      "delete from booking_history_2036_02",
    ]) {
      await expect(store.transaction((tx) => tx.query(sql))).rejects.toMatchObject({ sqlState: "42501" });
    }
  });

  test("given a key, when a booking is read, then one partition is looked at", async () => {
    const { rows } = await owner.query<{ "QUERY PLAN": string }>(
      `explain (costs off) select * from booking where provider_id = '${provider}' and id = '${idAt("2031-12-01T00:00:00Z")}'`,
    );
    const scans = rows.map((row) => row["QUERY PLAN"]).filter((line) => line.includes(" Scan"));
    expect(scans).toEqual([expect.stringContaining("booking_2031_12")]);
  });
});
