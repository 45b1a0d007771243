import { type TestStore, testStore } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { defineConsumer } from "./consumer.ts";
import { deferBehindParked, park } from "./dead-letters.ts";
import type { Event } from "./event.ts";
import { eventsMigrations } from "./index.ts";

describe("parking", () => {
  const consumer = defineConsumer({ name: "desk.copies", from: "shop", handlers: [] });
  let store: TestStore;
  beforeAll(async () => {
    store = await testStore({ schema: "desk", folders: [eventsMigrations] });
  });
  afterAll(() => store.drop());

  let count = 0;
  const event = (key: string): Event => ({
    id: `019b0000-0000-7000-8000-${(++count).toString().padStart(12, "0")}`,
    type: "dawr.testing.v1.ThingHappened",
    source: "dawr.shop",
    subject: `things/${key}`,
    key,
    sequence: BigInt(count),
    time: Temporal.Instant.from("2026-03-01T09:00:00.123456Z"),
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    data: new Uint8Array([1, 2, 3]),
  });
  const defer = (each: Event) => store.transaction((tx) => deferBehindParked(tx, consumer, each));

  test("given a parked event, then it is kept whole, and a later one of its key goes behind it, once", async () => {
    const [first, second] = [event("a"), event("a")];
    const error = new RangeError("too much", { cause: new Error("of it") });
    expect(await store.transaction((tx) => park(tx, consumer, first, 8, error))).toBe(true);
    expect(await defer(second)).toBe("parked");
    expect(await defer(second)).toBe("known");
    expect(await store.transaction((tx) => park(tx, consumer, first, 8, error))).toBe(false);

    const letters = await store.read((tx) => tx.query("select * from dead_letter order by position"));
    const kept = ({ id, data, ...rest }: Event) => ({ ...rest, event_id: id, data: Buffer.from(data) });
    expect(letters).toEqual([
      expect.objectContaining({
        ...kept(first),
        consumer: "desk.copies",
        attempts: 8,
        error: "RangeError: too much ← Error: of it",
      }),
      expect.objectContaining({ ...kept(second), consumer: "desk.copies", attempts: 0, error: null }),
    ]);
  });

  test("given a key whose last parked event was replayed just now, then the event is applied, once", async () => {
    const late = event("b");
    expect(await defer(late)).toBe("fresh");
    expect(await defer(late)).toBe("known");
  });

  test("given an event that another member has applied meanwhile, then it is not parked", async () => {
    const applied = event("c");
    await store.transaction((tx) => tx.query("insert into inbox values ($1, $2)", [consumer.name, applied.id]));
    expect(await store.transaction((tx) => park(tx, consumer, applied, 8, new Error("late")))).toBe(false);
    expect(await defer(event("c"))).toBe("fresh");
  });
});
