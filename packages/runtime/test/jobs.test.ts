import { migrate, openStore, type Store, storeMigrations } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { eventually, type TestDatabase, testDatabase } from "@dawr/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { enqueueInto, type Job, type JobHelpers } from "../src/jobs.ts";
import { migrateJobs } from "../src/migrate-jobs.ts";
import { startJobs } from "../src/run-jobs.ts";
import type { Background } from "../src/timer.ts";

const lines: string[] = [];
const log = createLogger({ service: "testing", level: "info", destination: { write: (line) => lines.push(line) } });
let database: TestDatabase;
let store: Store;
let running: Background | undefined;

beforeAll(async () => {
  database = await testDatabase(["testing"]);
  await migrate({
    url: database.ownerUrl,
    schema: "testing",
    serviceRole: "dawr_testing",
    folders: [storeMigrations],
    log,
  });
  const jobs = { service: "testing", ownerUrl: database.ownerUrl, serviceRole: "dawr_testing", log };
  // Replicas that start together migrate together.
  await Promise.all([migrateJobs(jobs), migrateJobs(jobs)]);
  store = await openStore({
    url: database.urlOf("testing"),
    schema: "testing",
    entities: [],
    maxConnections: 4,
    now: Temporal.Now.instant,
    log,
  });
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  lines.length = 0;
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const ran: { readonly payload: unknown; readonly attempt: number }[] = [];

async function start(run: (payload: unknown, helpers: JobHelpers) => Promise<void>, job: Partial<Job> = {}) {
  ran.length = 0;
  const jobs: readonly Job[] = [
    {
      name: "mail",
      run: async (payload, helpers) => {
        ran.push({ payload, attempt: helpers.attempt });
        await run(payload, helpers);
      },
      ...job,
    },
  ];
  running = await startJobs(jobs, { service: "testing", url: database.urlOf("testing"), log });
  return enqueueInto("testing", Temporal.Now.instant, () => jobs);
}

async function asOwner<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}
const waiting = () => asOwner<{ attempts: number }>("select attempts, last_error from testing_jobs._private_jobs");

describe("jobs", () => {
  test("given a job in a transaction, when it commits, then it runs at once; when it rolls back, never", async () => {
    const enqueue = await start(async () => {});
    await expect(
      store.transaction(async (tx) => {
        await enqueue(tx, "mail", { booking: "undone" });
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await store.transaction((tx) => enqueue(tx, "mail", { booking: "b1" }));
    await eventually(() => expect(ran).toEqual([{ payload: { booking: "b1" }, attempt: 1 }]));
    await eventually(async () => expect(await waiting()).toEqual([]));
  });

  test("given jobs of one key, when they wait, then the last one replaces the others", async () => {
    const enqueue = await start(async () => {});
    const runAt = Temporal.Now.instant().add({ milliseconds: 300 });
    for (const text of ["first", "second"])
      await store.transaction((tx) => enqueue(tx, "mail", { text }, { key: "reminder of b1", runAt }));
    await eventually(() => expect(ran).toEqual([{ payload: { text: "second" }, attempt: 1 }]));
  });

  test("given a job that fails, when its time comes again, then it runs again, and no personal data is kept or logged", async () => {
    const enqueue = await start(async (_payload, { attempt }) => {
      if (attempt === 1) throw new Error("550 no mailbox layla@example.com");
    });
    await store.transaction((tx) => enqueue(tx, "mail", {}));
    await eventually(async () => {
      expect(await waiting()).toEqual([
        { attempts: 1, last_error: expect.stringContaining("550 no mailbox [e-mail]") },
      ]);
    });
    await eventually(() => expect(ran.map((each) => each.attempt)).toEqual([1, 2]), { timeoutMs: 10_000 });
    expect(lines.join("")).toContain("a job failed; it is tried again");
    expect(lines.join("")).not.toContain("layla");
  });

  test("given a job that fails for the last time, when it is given up, then that is logged as an error, once", async () => {
    const enqueue = await start(() => Promise.reject(new Error("no such template")));
    await store.transaction((tx) => enqueue(tx, "mail", {}, { maxAttempts: 1 }));
    await eventually(() => {
      const errors = lines.map((line) => JSON.parse(line)).filter((line) => line.level === "error");
      expect(errors).toEqual([expect.objectContaining({ msg: "a job is given up", job: "mail", attempts: 1 })]);
    });
    await asOwner("delete from testing_jobs._private_jobs");
  });

  test("given a job that runs, when the service stops, then it waits for the job's end", async () => {
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const enqueue = await start(async () => {
      started.resolve();
      await go.promise;
    });
    await store.transaction((tx) => enqueue(tx, "mail", {}));
    await started.promise;
    const stopped = running?.stop();
    running = undefined;
    go.resolve();
    await stopped;
    expect(await waiting()).toEqual([]);
  });

  test("given more jobs than a process runs at once, when another one has time, then it takes the rest", async () => {
    const go = Promise.withResolvers<void>();
    const enqueue = await start(() => go.promise);
    await store.transaction(async (tx) => {
      for (const number of [1, 2, 3, 4, 5, 6]) await enqueue(tx, "mail", { number });
    });
    await eventually(() => expect(ran).toHaveLength(4));
    const there: unknown[] = [];
    const jobs = [{ name: "mail", run: async (payload: unknown) => void there.push(payload) }];
    const other = await startJobs(jobs, { service: "testing", url: database.urlOf("testing"), log });
    await eventually(() => expect(there).toEqual([{ number: 5 }, { number: 6 }]), { timeoutMs: 10_000 });
    expect(ran).toHaveLength(4);
    go.resolve();
    await other.stop();
    await eventually(async () => expect(await waiting()).toEqual([]));
  });

  test("given jobs that were fetched and not begun, when the service stops, then others find them as they were", async () => {
    const go = Promise.withResolvers<void>();
    const enqueue = await start(() => go.promise);
    await store.transaction(async (tx) => {
      for (const number of [1, 2, 3, 4, 5, 6]) await enqueue(tx, "mail", { number });
    });
    const locked = "select attempts from testing_jobs._private_jobs where locked_by is not null";
    await eventually(async () => expect(await asOwner(locked)).toHaveLength(6));
    const stopped = running?.stop();
    running = undefined;
    go.resolve();
    await stopped;
    expect(ran).toHaveLength(4);
    expect(await asOwner("select attempts, locked_by from testing_jobs._private_jobs")).toEqual([
      { attempts: 0, locked_by: null },
      { attempts: 0, locked_by: null },
    ]);
    await asOwner("delete from testing_jobs._private_jobs");
  });

  test("given jobs whose process was killed, when another process looks, then they are run again", async () => {
    await asOwner("select testing_jobs.add_job('mail', '{\"of\": \"the dead\"}') from generate_series(1, 6)");
    await asOwner(
      `update testing_jobs._private_jobs
       set locked_at = clock_timestamp() - interval '1 minute', locked_by = 'worker-of-the-dead', attempts = 1`,
    );
    await start(async () => {});
    const again = Array.from({ length: 6 }, () => ({ payload: { of: "the dead" }, attempt: 2 }));
    await eventually(() => expect(ran).toEqual(again), { timeoutMs: 10_000 });
  });

  test("given a job whose end could not be stored, when its lock is old, then it is run again by the same process", async () => {
    await asOwner(`
      create function testing_jobs.refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
      create trigger refuse before delete on testing_jobs._private_jobs execute function testing_jobs.refuse()`);
    const enqueue = await start(async () => {});
    await store.transaction((tx) => enqueue(tx, "mail", {}));
    await eventually(() => expect(lines.join("")).toContain("Failed to complete jobs"));
    await asOwner("drop function testing_jobs.refuse() cascade");
    await eventually(
      async () => {
        await asOwner(`update testing_jobs._private_jobs set locked_at = clock_timestamp() - interval '1 minute'
          where locked_by is not null`);
        expect(await waiting()).toEqual([]);
      },
      { timeoutMs: 10_000 },
    );
    expect(ran.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test("given a job that runs for long, when others look for the dead, then it keeps its lock", async () => {
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const enqueue = await start(async () => {
      started.resolve();
      await go.promise;
    });
    await store.transaction((tx) => enqueue(tx, "mail", {}));
    await started.promise;
    await asOwner("update testing_jobs._private_jobs set locked_at = clock_timestamp() - interval '10 seconds'");
    await eventually(
      async () => {
        const [row] = await asOwner<{ fresh: boolean }>(
          "select locked_at > clock_timestamp() - interval '5 seconds' as fresh from testing_jobs._private_jobs",
        );
        expect(row).toEqual({ fresh: true });
      },
      { timeoutMs: 10_000 },
    );
    go.resolve();
    await eventually(async () => expect(await waiting()).toEqual([]));
    expect(ran).toHaveLength(1);
  });

  test("given the service's role, when it tries to change the tables themselves, then it may not", async () => {
    await expect(
      store.transaction((tx) => tx.query("alter table testing_jobs._private_jobs add column x int")),
    ).rejects.toThrow();
    await expect(store.transaction((tx) => tx.query("delete from testing_jobs.migrations"))).rejects.toThrow();
  });
});
