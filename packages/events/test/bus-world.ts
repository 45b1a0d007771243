import { create, type DescMessage } from "@bufbuild/protobuf";
import {
  append,
  type Bus,
  type Consumer,
  defineConsumer,
  type Event,
  eventsMigrations,
  on,
  type Relay,
  type RelayOptions,
  startRelay,
} from "@dawr/events";
import { ThingHappenedSchema, ThingStoppedSchema } from "@dawr/gen/dawr/testing/v1/events_pb.js";
import type { Store, Tx } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { testStore } from "@dawr/testkit";

/** What the consumers of the tests did, oldest first. */
export type Effect = { readonly consumer: string; readonly key: string; readonly sequence: bigint };

/** A service that publishes, one that reads, each with a database of its own, and the bus between them. */
export type World = Awaited<ReturnType<typeof openWorld>>;

/** What stands in for a handler's work, before the effect is written. */
export type Act = (event: Event, tx: Tx) => Promise<void> | void;

export const silent = createLogger({ service: "test", level: "silent" });
export const now = () => Temporal.Now.instant();
const effects = new URL("./migrations/", import.meta.url);

/** Opens two empty databases and a bus. */
export async function openWorld(createBus: () => Promise<Bus>) {
  const [producer, reader, bus] = await Promise.all([
    testStore({ schema: "shop", folders: [eventsMigrations, effects] }),
    testStore({ schema: "desk", folders: [eventsMigrations, effects] }),
    createBus(),
  ]);
  const relays: Relay[] = [];
  return {
    producer,
    reader,
    bus,
    startRelay: async (options: Partial<RelayOptions> = {}) => {
      const relay = await startRelay({
        store: producer,
        bus,
        source: "dawr.shop",
        log: silent,
        now,
        leaseMs: 2_000,
        backoff: { firstMs: 5, maxMs: 50 },
        ...options,
      });
      relays.push(relay);
      return relay;
    },
    close: async () => {
      await Promise.all(relays.map((relay) => relay.close({ graceMs: 0 })));
      await bus.close();
      await Promise.all([producer.drop(), reader.drop()]);
    },
  };
}

/** A consumer of the shop's events, which writes an effect for each. */
export function consumerOf(name: string, act: Act = () => {}, options: { projection?: boolean } = {}): Consumer {
  return defineConsumer({
    name,
    from: "shop",
    handlers: [
      on(ThingHappenedSchema, async (tx, _message, event) => {
        await act(event, tx);
        await tx.query("insert into effect (consumer, event_id, type, key, sequence) values ($1, $2, $3, $4, $5)", [
          name,
          event.id,
          event.type,
          event.key,
          event.sequence.toString(),
        ]);
      }),
    ],
    ...options,
  });
}

/** Changes an aggregate as services do: the row locked, its version raised, the event with it. */
export async function change(
  store: Store,
  key: string,
  options: { schema?: DescMessage; meanwhile?: (tx: Tx) => Promise<void> } = {},
): Promise<void> {
  await store.transaction(async (tx) => {
    const [row] = await tx.query<{ version: bigint }>(
      "insert into aggregate as a (id, version) values ($1, 1) on conflict (id) do update set version = a.version + 1 returning version",
      [key],
    );
    const sequence = row?.version ?? 0n;
    const event =
      options.schema === undefined
        ? {
            schema: ThingHappenedSchema,
            message: create(ThingHappenedSchema, { name: `things/${key}`, number: sequence }),
          }
        : { schema: options.schema, message: create(options.schema) };
    append(tx, [{ ...event, subject: `things/${key}`, key, sequence }]);
    await options.meanwhile?.(tx);
  });
}

/** Publishes so many events of one key, one transaction each. */
export async function changeTimes(store: Store, key: string, times: number): Promise<void> {
  for (let count = 0; count < times; count++) await change(store, key);
}

/** What consumers did, in the order in which they did it. */
export async function effectsOf(store: Store, consumer: string): Promise<Effect[]> {
  return await store.read((tx) =>
    tx.query<Effect>("select consumer, key, sequence from effect where consumer = $1 order by position", [consumer]),
  );
}

/** The versions that a consumer applied, by key, in order. */
export async function versionsOf(store: Store, consumer: string): Promise<Record<string, number[]>> {
  const versions: Record<string, number[]> = {};
  for (const { key, sequence } of await effectsOf(store, consumer)) {
    versions[key] ??= [];
    versions[key].push(Number(sequence));
  }
  return versions;
}

/** The events that wait in the outbox. */
export async function waitingIn(store: Store): Promise<number> {
  const rows = await store.read((tx) => tx.query("select 1 as one from outbox"));
  return rows.length;
}

/** The versions of a key that a consumer has parked, in order. */
export async function parkedOf(store: Store, consumer: string): Promise<string[]> {
  const rows = await store.read((tx) =>
    tx.query<{ key: string; sequence: bigint }>(
      "select key, sequence from dead_letter where consumer = $1 order by position",
      [consumer],
    ),
  );
  return rows.map((row) => `${row.key}@${row.sequence}`);
}

/** Numbers from 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** A message type that no consumer of the tests handles. */
export const unhandledSchema = ThingStoppedSchema;

/** A door that can be opened once. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: () => resolve() };
}
