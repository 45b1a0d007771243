import { eventsMigrations } from "@dawr/events";
import { migrate, openStore, type Store, storeMigrations } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { eventually, type TestDatabase, testClock, testDatabase } from "@dawr/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type RunningSteps, startStepRunner } from "../src/run-steps.ts";
import { addStep, addSteps, isStepLost, type NewStep, type Step, stepRunner } from "../src/steps.ts";

const clock = testClock(Temporal.Now.instant().round("millisecond"));
const log = createLogger({ service: "test", level: "silent" });
let database: TestDatabase;
let store: Store;
const running: RunningSteps[] = [];
let count = 0;
let runner = "";

beforeAll(async () => {
  database = await testDatabase(["testing"]);
  const folders = [storeMigrations, eventsMigrations, new URL("../migrations/", import.meta.url)];
  await migrate({ url: database.ownerUrl, schema: "testing", serviceRole: "dawr_testing", folders, log });
  store = await openStore({
    url: database.urlOf("testing"),
    schema: "testing",
    entities: [],
    maxConnections: 8,
    now: clock.now,
    log,
  });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

/** A runner of this test alone. */
async function start(
  run: (step: Step) => Promise<void>,
  options: { lease?: Temporal.Duration; concurrency?: number } = {},
) {
  const each = await startStepRunner(stepRunner({ name: runner, run, ...options }), { store, now: clock.now, log });
  running.push(each);
  return each;
}
const add = (step: Partial<NewStep> = {}) =>
  store.transaction((tx) => addStep(tx, { runner, key: "k", name: "call", ...step }));
const left = () =>
  store.read((tx) => tx.query("select key, attempts, last_error from saga_step where runner = $1", [runner]));
const nextRunner = () => {
  count += 1;
  runner = `testing.saga${count}`;
};

describe("startStepRunner", () => {
  test("given a stored step, when its transaction commits, then it runs at once with its payload and is gone", async () => {
    nextRunner();
    const ran: unknown[] = [];
    await start(async (step) => {
      ran.push([step.key, step.name, step.payload, step.attempt]);
      await store.transaction((tx) => step.done(tx));
    });
    await add({ key: "booking-1", payload: { amount: 5 } });
    await eventually(() => expect(ran).toEqual([["booking-1", "call", { amount: 5 }, 1]]));
    await eventually(async () => expect(await left()).toEqual([]));
  });

  test("given a transaction that rolls back, when it ends, then its step never runs", async () => {
    nextRunner();
    const ran: string[] = [];
    await start(async (step) => void ran.push(step.key));
    await expect(
      store.transaction(async (tx) => {
        addStep(tx, { runner, key: "undone", name: "call" });
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await add({ key: "done" });
    await eventually(async () => expect(await left()).toEqual([]));
    expect(ran).toEqual(["done"]);
  });

  test("given a step for later, when the platform's clock comes to it, then it runs, and not before", async () => {
    nextRunner();
    const at = clock.now().add({ minutes: 30 });
    const ranAt: string[] = [];
    await start(async () => void ranAt.push(clock.now().toString()));
    await add({ at });
    clock.advance({ minutes: 29 });
    await add({ key: "other" });
    await eventually(() => expect(ranAt).toHaveLength(1));
    clock.advance({ minutes: 1 });
    await eventually(() => expect(ranAt).toEqual([expect.any(String), at.toString()]));
  });

  test("given a step that fails, when time passes, then it is tried again with the same id until it is done", async () => {
    nextRunner();
    const ids: string[] = [];
    await start(async (step) => {
      ids.push(step.id);
      if (step.attempt < 3)
        throw Object.assign(new Error("no answer from layla@example.com"), { reason: "UNAVAILABLE" });
    });
    await add();
    await eventually(async () => {
      clock.advance({ seconds: 1 });
      expect(await left()).toEqual([]);
    });
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  test("given a failed step, when it waits, then only the error's reason is kept beside it", async () => {
    nextRunner();
    await start(async () => {
      throw Object.assign(new Error("no answer from layla@example.com"), { reason: "UNAVAILABLE" });
    });
    await add();
    await eventually(async () => expect(await left()).toEqual([{ key: "k", attempts: 1, last_error: "UNAVAILABLE" }]));
  });

  test("given a step that keeps itself for later, when it is its time, then it runs again as a first attempt", async () => {
    nextRunner();
    const attempts: number[] = [];
    await start(async (step) => {
      attempts.push(step.attempt);
      if (attempts.length === 1) await store.transaction((tx) => step.later(tx, clock.now().add({ hours: 1 })));
    });
    await add();
    const at = clock.now().add({ hours: 1 });
    const dueTimes = () =>
      store.read((tx) => tx.query("select due_time as at from saga_step where runner = $1", [runner]));
    await eventually(async () => expect(await dueTimes()).toEqual([{ at }]));
    clock.advance({ hours: 1 });
    await eventually(async () => expect(await left()).toEqual([]));
    expect(attempts).toEqual([1, 1]);
  });

  test("given two runners and many steps, when all run, then each step ran once", async () => {
    nextRunner();
    const ran: string[] = [];
    const run = async (step: Step) => {
      ran.push(step.key);
      await store.transaction((tx) => step.done(tx));
    };
    await Promise.all([start(run), start(run)]);
    const keys = Array.from({ length: 60 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => add({ key })));
    await eventually(async () => expect(await left()).toEqual([]));
    expect(ran.toSorted()).toEqual(keys.toSorted());
  });

  test("given a limit of two at once, when many are due, then no more than two run together", async () => {
    nextRunner();
    let now = 0;
    let most = 0;
    await start(
      async (step) => {
        now += 1;
        most = Math.max(most, now);
        await store.transaction((tx) => step.done(tx));
        now -= 1;
      },
      { concurrency: 2 },
    );
    await Promise.all(Array.from({ length: 12 }, () => add()));
    await eventually(async () => expect(await left()).toEqual([]));
    expect(most).toBe(2);
  });

  test("given a runner that died with a step, when its claim ends, then another runs it, and the dead one's end is refused", async () => {
    nextRunner();
    const held = Promise.withResolvers<Step>();
    await add();
    // A claim that nobody renews is what a killed process leaves behind.
    await store.transaction((tx) =>
      tx.query(
        `update saga_step set claim = gen_random_uuid(), claim_end_time = clock_timestamp() + interval '300 milliseconds', attempts = 1
         where runner = $1`,
        [runner],
      ),
    );
    await start(async (step) => held.resolve(step));
    expect((await held.promise).attempt).toBe(2);
    await eventually(async () => expect(await left()).toEqual([]));
    const late = await held.promise;
    const failure = await store.transaction((tx) => late.done(tx)).catch((error: unknown) => error);
    expect(isStepLost(failure)).toBe(true);
  });

  test("given a runner that died, when the platform's clock was stepped back behind its step, then another runs it", async () => {
    nextRunner();
    const attempts: number[] = [];
    await add({ at: clock.now().add({ hours: 1 }) });
    await store.transaction((tx) =>
      tx.query(
        `update saga_step set claim = gen_random_uuid(), claim_end_time = clock_timestamp() + interval '50 milliseconds', attempts = 1
         where runner = $1`,
        [runner],
      ),
    );
    await start(async (step) => void attempts.push(step.attempt));
    await eventually(async () => expect(await left()).toEqual([]));
    expect(attempts).toEqual([2]);
  });

  test("given a claim that has ended on a row that is locked, when a runner looks for steps, then it pauses between looks", async () => {
    nextRunner();
    await add();
    let looks = 0;
    const counting = {
      ...store,
      query: <Row>(sql: string, params?: readonly unknown[]) => {
        looks += 1;
        return store.query<Row>(sql, params);
      },
    };
    await store.transaction(async (tx) => {
      await tx.query(
        "update saga_step set claim = gen_random_uuid(), claim_end_time = clock_timestamp() where runner = $1",
        [runner],
      );
    });
    await store.transaction(async (tx) => {
      await tx.query("select from saga_step where runner = $1 for update", [runner]);
      const each = await startStepRunner(stepRunner({ name: runner, run: async () => {} }), {
        store: counting,
        now: clock.now,
        log,
      });
      running.push(each);
      await tx.query("select pg_sleep(0.3)");
    });
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(25);
    await eventually(async () => expect(await left()).toEqual([]));
  });

  test("given plans made while there was nothing to do, when there is a backlog, then looking for steps does not read it all", async () => {
    nextRunner();
    const scanned = async (steps: number) =>
      store.transaction(async (tx) => {
        const read = async () => {
          const [row] = await tx.query<{ rows: bigint }>(
            `select seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables where relname = 'saga_step'`,
          );
          return row?.rows ?? 0n;
        };
        const before = await read();
        for (let look = 0; look < 8; look++) {
          await tx.query("select waits from saga_step_look($1, 2, gen_random_uuid(), 10000, clock_timestamp())", [
            runner,
          ]);
        }
        const after = await read();
        await tx.query("delete from saga_step where runner = $1 and key <> 'kept'", [runner]);
        await tx.query(
          `insert into saga_step (id, runner, key, name, payload, due_time)
           select gen_random_uuid(), $1, 'k', 'call', 'null', clock_timestamp() + interval '1 hour' from generate_series(1, $2::int)`,
          [runner, steps],
        );
        return after - before;
      });
    await scanned(2_000);
    expect(await scanned(0)).toBeLessThan(100n);
    await store.transaction((tx) => tx.query("delete from saga_step where runner = $1", [runner]));
  });

  test("given a step that takes longer than its lease, when it runs, then nobody takes it over", async () => {
    nextRunner();
    const go = Promise.withResolvers<void>();
    const ran: number[] = [];
    const run = async (step: Step) => {
      ran.push(step.attempt);
      await go.promise;
      await store.transaction((tx) => step.done(tx));
    };
    const lease = Temporal.Duration.from({ milliseconds: 300 });
    await start(run, { lease });
    await start(run, { lease });
    await add();
    await eventually(async () => {
      const [row] = await store.read((tx) =>
        tx.query<{ old: boolean }>(
          "select create_time < clock_timestamp() - interval '1 second' as old from saga_step where runner = $1",
          [runner],
        ),
      );
      expect(row).toEqual({ old: true });
    });
    go.resolve();
    await eventually(async () => expect(await left()).toEqual([]));
    expect(ran).toEqual([1]);
  });

  test("given a step that runs, when the runner stops, then it waits for the step's end", async () => {
    nextRunner();
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const each = await start(async (step) => {
      started.resolve();
      await go.promise;
      await store.transaction((tx) => step.done(tx));
    });
    await add();
    await started.promise;
    const stopped = each.stop();
    go.resolve();
    await stopped;
    expect(await left()).toEqual([]);
  });

  test("given a step that never ends, when the runner stops, then it is told to give up, and stays stored", async () => {
    nextRunner();
    const started = Promise.withResolvers<void>();
    const each = await start(async (step) => {
      started.resolve();
      await new Promise((_, reject) => {
        step.signal.addEventListener("abort", () => reject(step.signal.reason), { once: true });
      });
    });
    await add();
    await started.promise;
    await each.stop(20);
    expect(await left()).toEqual([{ key: "k", attempts: 1, last_error: "Error" }]);
  });

  test("given a step with an id, when it is stored twice, then it runs once", async () => {
    nextRunner();
    const id = "0193e0a4-1111-7000-8000-000000000001";
    await add({ id });
    await add({ id });
    expect(await left()).toHaveLength(1);
  });

  test("given several steps stored together, when their times come, then each runs with what it was given", async () => {
    nextRunner();
    const ran: unknown[] = [];
    await start(async (step) => void ran.push([step.key, step.payload]));
    const text = `"quoted", {braces} and \\ in عربي\n`;
    const at = clock.now().add({ hours: 1 });
    await store.transaction((tx) => {
      addSteps(tx, []);
      addSteps(tx, [
        { runner, key: text, name: "call", payload: { text } },
        { runner, key: "later", name: "call", at },
        { runner, key: "at once", name: "call" },
      ]);
    });
    await eventually(() => expect(ran).toHaveLength(2));
    expect(ran).toEqual(
      expect.arrayContaining([
        [text, { text }],
        ["at once", null],
      ]),
    );
    clock.advance({ hours: 1 });
    await eventually(() => expect(ran).toContainEqual(["later", null]));
    await eventually(async () => expect(await left()).toEqual([]));
  });
});
