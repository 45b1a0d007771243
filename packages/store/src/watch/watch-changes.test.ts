import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import {
  type ChangeSource,
  changedSince,
  type KeyRing,
  openKeyRing,
  readChanges,
  type Store,
  type WatchMessage,
  type WatchOptions,
  watchChanges,
} from "../index.ts";

type Item = { readonly id: number; readonly version: number };

let schema: TestSchema;
let store: Store;
let keys: KeyRing;

beforeAll(async () => {
  schema = await testSchema(`
    create table item (id int primary key, version int not null, change_xid xid8 not null);
    create index item_change on item (change_xid);
    create trigger item_change before insert or update on item for each row execute function mark_change();
  `);
  store = await schema.open({ maxConnections: 24 });
  keys = await openKeyRing({ versions: [{ version: 1, key: Buffer.alloc(32, 1) }] });
});

beforeEach(() => store.transaction((tx) => tx.query("delete from item")));

afterAll(() => schema.drop());

describe("a watch", () => {
  test("starts with what there is, then tells changes, then heartbeats", async () => {
    await put(store, 1, 1);
    const watch = open({ heartbeatMs: 80 });
    expect(await watch.next()).toMatchObject({ kind: "snapshot", items: [{ id: 1, version: 1 }] });
    await put(store, 2, 1);
    expect(await watch.next()).toMatchObject({ kind: "changes", items: [{ id: 2, version: 1 }] });
    const silence = await watch.next();
    expect(silence).toMatchObject({ kind: "heartbeat", items: [] });
    expect(silence.token).not.toBe("");
    await watch.close();
  });

  test("resumed with a token tells only what was missed, whichever message the token came with", async () => {
    await put(store, 1, 1);
    const watch = open({ heartbeatMs: 50 });
    const snapshot = await watch.next();
    const heartbeat = await watch.next();
    await watch.close();
    await put(store, 2, 1);
    await put(store, 1, 2);
    for (const resumeToken of [snapshot.token, heartbeat.token]) {
      const again = open({ resumeToken });
      const message = await again.next();
      expect(message.kind).toBe("changes");
      expect(sorted(message.items)).toEqual([
        { id: 1, version: 2 },
        { id: 2, version: 1 },
      ]);
      await again.close();
    }
  });

  test("resumed with a token that is too old starts anew and says so", async () => {
    await put(store, 1, 1);
    const { token } = await readChanges(source());
    const again = open({ resumeToken: token, resumeFor: Temporal.Duration.from({ seconds: 0 }) });
    expect(await again.next()).toMatchObject({ kind: "snapshot", items: [{ id: 1, version: 1 }] });
    await again.close();
  });

  test.each([
    ["nonsense", "nonsense"],
    ["another query's token", undefined],
  ])("refuses %s", async (_, resumeToken) => {
    const foreign = await readChanges({ ...source(), query: { provider: "other" } });
    const watch = open({ resumeToken: resumeToken ?? foreign.token });
    await expect(watch.next()).rejects.toMatchObject({ reason: "RESUME_TOKEN_INVALID" });
  });

  test("lets go who does not take a message in time", async () => {
    const watch = open({ slowAfterMs: 30 });
    await watch.next();
    await eventually(() => expect(watch.isListening()).toBe(false));
    await expect(watch.next()).rejects.toMatchObject({ reason: "STREAM_TOO_SLOW" });
  });

  test("looks only when woken, and gathers what comes together", async () => {
    let looks = 0;
    const counting = source();
    const watch = open({
      intervalMs: 100,
      read: (tx, since) => {
        looks += 1;
        return counting.read(tx, since);
      },
    });
    await watch.next();
    for (let id = 1; id <= 20; id++) await put(store, id, 1);
    const known = new Map<number, number>();
    while (known.size < 20) for (const { id, version } of (await watch.next()).items) known.set(id, version);
    expect(looks).toBeLessThan(12);
    await watch.close();
  });

  test("ends when its signal says so, also while it waits", async () => {
    const abort = new AbortController();
    const watch = open({ signal: abort.signal });
    await watch.next();
    const waiting = watch.isOver();
    abort.abort();
    expect(await waiting).toBe(true);
    expect(watch.isListening()).toBe(false);
  });

  test("is not held up by a transaction that stays open", async () => {
    const watch = open({});
    await watch.next();
    await store.transaction(async (tx) => {
      await tx.query("insert into item values (100, 1, pg_current_xact_id())");
      await put(store, 1, 1);
      expect((await watch.next()).items).toEqual([{ id: 1, version: 1 }]);
      tx.notify("item");
    });
    expect((await watch.next()).items).toEqual([{ id: 100, version: 1 }]);
    await watch.close();
  });

  test("misses nothing and repeats nothing under 16 writers, also across reconnects", async () => {
    const writers = 16;
    const rounds = 25;
    const seen: string[] = [];
    const known = new Map<number, number>();
    // Each writer changes its own row again and again, and adds a row each time.
    const isDone = (): boolean =>
      known.size === writers * (rounds + 1) &&
      Array.from({ length: writers }, (_, id) => known.get(id)).every((version) => version === rounds);

    let messages = 0;
    const watching = (async () => {
      let resumeToken = "";
      while (!isDone()) {
        const watch = open({ resumeToken, intervalMs: 1 });
        // Every few messages the watcher goes away and comes back.
        for (let left = 5; left > 0 && !isDone(); left--) {
          const { items, token, kind } = await watch.next();
          resumeToken = token;
          messages += 1;
          for (const { id, version } of items) {
            if (kind === "changes") seen.push(`${id}/${version}`);
            expect(version).toBeGreaterThanOrEqual(known.get(id) ?? 0);
            known.set(id, version);
          }
        }
        await watch.close();
      }
    })();
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let version = 1; version <= rounds; version++) {
          await store.transaction(async (tx) => {
            await tx.query(upsert, [writer, version]);
            await tx.query(upsert, [1_000 + writer * 100 + version, 1]);
            // Transactions commit in another order than they began.
            await tx.query("select pg_sleep($1::float8)", [Math.random() * 0.02]);
            tx.notify("item");
          });
        }
      }),
    );
    await watching;
    expect(messages).toBeGreaterThan(10);
    expect(new Set(seen).size).toBe(seen.length);
  }, 30_000);
});

describe("reading what changed since", () => {
  test("answers everything first, then what is new, then nothing", async () => {
    await put(store, 1, 1);
    const first = await readChanges(source());
    expect(first).toMatchObject({ kind: "snapshot", items: [{ id: 1, version: 1 }] });
    await put(store, 2, 1);
    const second = await readChanges(source(), first.token);
    expect(second).toMatchObject({ kind: "changes", items: [{ id: 2, version: 1 }] });
    expect(await readChanges(source(), second.token)).toMatchObject({ kind: "changes", items: [] });
  });
});

const upsert = `insert into item values ($1, $2, pg_current_xact_id())
  on conflict (id) do update set version = excluded.version`;

async function put(on: Store, id: number, version: number): Promise<void> {
  await on.transaction(async (tx) => {
    await tx.query(upsert, [id, version]);
    tx.notify("item");
  });
}

function source() {
  return {
    store,
    key: keys,
    query: { provider: "one" },
    read: (tx: Parameters<Parameters<Store["read"]>[0]>[0], since: string | undefined) =>
      since === undefined
        ? tx.query<Item>("select id, version from item")
        : tx.query<Item>(`select id, version from item where ${changedSince("$1")}`, [since]),
  };
}

function open({
  read,
  resumeFor,
  ...options
}: Partial<Omit<WatchOptions<Item>, "look"> & Pick<ChangeSource<Item>, "read" | "resumeFor">>) {
  let listening = 0;
  const from = {
    ...source(),
    ...(read === undefined ? {} : { read }),
    ...(resumeFor === undefined ? {} : { resumeFor }),
  };
  const messages = watchChanges<Item>({
    look: (token) => readChanges(from, token),
    signal: new AbortController().signal,
    wake: async (onWake) => {
      const leave = await store.listen("item", onWake);
      listening += 1;
      return async () => {
        listening = 0;
        await leave();
      };
    },
    ...options,
  });
  return {
    next: async (): Promise<WatchMessage<Item>> => {
      const { value } = await messages.next();
      if (value === undefined) throw new Error("the watch has ended");
      return value;
    },
    isOver: async () => (await messages.next()).done,
    isListening: () => listening > 0,
    close: () => messages.return(),
  };
}

function sorted(items: readonly Item[]): readonly Item[] {
  return [...items].sort((a, b) => a.id - b.id);
}
