import { randomUUID } from "node:crypto";
import { create, type Message } from "@bufbuild/protobuf";
import { ConfigError } from "@dawr/config";
import { inProcessBus } from "@dawr/events";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { ThingHappenedSchema } from "@dawr/gen/dawr/testing/v1/events_pb.js";
import { eventually, testClock } from "@dawr/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import {
  defineService,
  type RunAllOptions,
  type Running,
  runAll,
  runService,
  type ServiceDefinition,
  StartError,
  type State,
} from "../src/index.ts";
import { gate, testingService, watcherService } from "./services.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
let running: Running | undefined;

beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  world.lines.length = 0;
});
afterAll(() => world.close());

async function start(
  definitions: readonly ServiceDefinition[],
  options: Partial<RunAllOptions> = {},
): Promise<Running> {
  const { env, services, logDestination } = world;
  running = await runAll(definitions, { env, services, logDestination, ...options });
  return running;
}

const rowsOf = (platform: Running, service: string, sql: string, params: readonly unknown[] = []) =>
  platform.service(service).store.read((tx) => tx.query(sql, params));

const statesIn = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line)).flatMap((line) => (line.state === undefined ? [] : [line.state]));

describe("runAll", () => {
  test("given two services, when a thing is written, then event, job, step and, in time, deadline have their effect", async () => {
    const clock = testClock(Temporal.Now.instant().round("millisecond"));
    const platform = await start([testingService(), watcherService], { now: clock.now });
    const id = randomUUID();
    await platform.client(EchoService).write({ text: "hello", requestId: id });
    await eventually(async () => {
      expect(await rowsOf(platform, "watcher", "select text from seen where name = $1", [`things/${id}`])).toEqual([
        { text: "hello" },
      ]);
      expect(
        await rowsOf(platform, "testing", "select kind from done_work where key = $1 order by kind", [id]),
      ).toEqual([{ kind: "job" }, { kind: "step" }]);
    });
    clock.advance({ minutes: 15 });
    await eventually(async () => {
      const kinds = await rowsOf(platform, "testing", "select kind from done_work where key = $1 order by kind", [id]);
      expect(kinds).toEqual([{ kind: "deadline" }, { kind: "job" }, { kind: "step" }]);
    });
  });

  test("given a platform, when it starts and stops, then each state has one line, in order", async () => {
    const states: State[] = [];
    const platform = await start([testingService(), watcherService], { onState: (state) => states.push(state) });
    await platform.stop();
    running = undefined;
    const all = [
      ...["configured", "migrated", "started", "subscribed", "working", "listening", "ready"],
      ...["unready", "drained", "idle", "flushed", "stopped", "closed"],
    ];
    expect(states).toEqual(all);
    expect(statesIn(world.lines)).toEqual(all);
  });

  test("given a platform, when its ports are asked, then health, readiness by dependency and metrics answer", async () => {
    const platform = await start([testingService(), watcherService]);
    await platform.client(EchoService).echo({ text: "x" });
    const ready = await fetch(`${platform.urls.metrics}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        ready: true,
        checks: [
          { name: "testing.database", required: true },
          { name: "watcher.database", required: true },
        ],
      },
    ]);
    expect((await fetch(`${platform.urls.metrics}/healthz`)).status).toBe(200);
    const metrics = await (await fetch(`${platform.urls.metrics}/metrics`)).text();
    for (const name of [
      "nodejs_eventloop_delay_p99",
      "rpc_server",
      "dawr_steps_due",
      "dawr_jobs_due",
      "dawr_jobs_oldest_age",
    ])
      expect(metrics).toContain(name);
  });

  test("given the door, when it is called over HTTP, then the answer comes from the service behind it", async () => {
    const platform = await start([testingService(), watcherService]);
    const answer = await fetch(`${platform.urls.door}/dawr.testing.v1.EchoService/Echo`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "through the door" }),
    });
    expect(await answer.json()).toEqual({ text: "through the door" });
  });

  test("given a request that runs, when the platform stops, then the request is answered and new ones are refused", async () => {
    const slow = gate();
    const platform = await start([testingService(slow), watcherService]);
    const url = `${platform.urls.door}/dawr.testing.v1.EchoService/Echo`;
    const ask = () =>
      fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: '{"text":"slow"}' });
    const answer = ask();
    await slow.entered;
    const stopped = platform.stop();
    running = undefined;
    await eventually(() => expect(statesIn(world.lines)).toContain("unready"));
    await eventually(async () => {
      await expect(ask()).rejects.toThrow("fetch failed");
    });
    expect(statesIn(world.lines)).not.toContain("drained");
    slow.open();
    expect(await (await answer).json()).toEqual({ text: "slow" });
    await stopped;
    expect(statesIn(world.lines).slice(-6)).toEqual(["unready", "drained", "idle", "flushed", "stopped", "closed"]);
  });

  test("given things that wait in the tables, when the platform starts again, then they are done", async () => {
    const clock = testClock(Temporal.Now.instant().round("millisecond"));
    const id = randomUUID();
    const first = await start([testingService(), watcherService], { now: clock.now });
    await first.service("testing").store.transaction(async (tx) => {
      await tx.query("insert into deadline (id, due_time) values ($1, $2::timestamptz)", [
        id,
        clock.now().add({ hours: 1 }).toString(),
      ]);
    });
    await first.stop();
    clock.advance({ hours: 2 });
    const second = await start([testingService(), watcherService], { now: clock.now });
    await eventually(async () => {
      const kinds = await rowsOf(second, "testing", "select kind from done_work where key = $1", [id]);
      expect(kinds).toEqual([{ kind: "deadline" }]);
    });
  });

  test("given an import that failed in one service, when it is repeated, then only that service takes it, and then none", async () => {
    const taken: string[] = [];
    let isBroken = true;
    const importing = (definition: ServiceDefinition): ServiceDefinition => ({
      ...definition,
      importResources: async (_tx, resources) => {
        if (isBroken && definition.name === "watcher") throw new Error("the disk is full");
        taken.push(`${definition.name} ${resources.length}`);
      },
    });
    const platform = await start([importing(testingService()), importing(watcherService)]);
    const load = (make: () => readonly Message[]) => platform.importOnce("a market", make);
    const one = [create(ThingHappenedSchema, {})];
    await expect(load(() => one)).rejects.toThrow("the disk is full");
    isBroken = false;
    await load(() => [...one, ...one]);
    await load(() => {
      throw new Error("nobody wants them");
    });
    expect(taken).toEqual(["testing 1", "watcher 2"]);
    await platform.importOnce("another market", () => []);
    expect(taken.slice(2).sort()).toEqual(["testing 0", "watcher 0"]);
  });

  test("given a job that nobody knows, when it is enqueued, then it is refused", async () => {
    const { host } = (await start([testingService(), watcherService])).service("testing");
    await expect(host.store.transaction((tx) => host.enqueue(tx, "nonsense", {}))).rejects.toThrow(
      "has no job nonsense",
    );
  });
});

describe("a start that fails", () => {
  const broken = (part: Partial<ServiceDefinition>): ServiceDefinition => defineService({ ...watcherService, ...part });

  test("given wrong settings everywhere, when it starts, then all are reported together by name, and nothing ran", async () => {
    const { env } = world;
    const wrong = { ...env, METRICS_PORT: "many", LOG_LEVEL: "loud", KEY_FILE: "" };
    const services = { testing: { HOLD: "soon", DATABASE_URL: "mysql://x:secret@y/z" }, watcher: {} };
    const error: unknown = await start([testingService(), watcherService], { env: wrong, services }).catch(
      (e: unknown) => e,
    );
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.map(({ name, got }) => [name, got])).toEqual([
      ["METRICS_PORT", '"many"'],
      ["LOG_LEVEL", '"loud"'],
      ["HOLD (testing)", '"soon"'],
      ["KEY_FILE", "nothing"],
      ["DATABASE_URL (testing)", "a value that is kept secret"],
      ["DATABASE_URL (watcher)", "nothing"],
    ]);
    expect(error.message).not.toContain("secret@");
    expect(world.lines).toEqual([]);
  });

  test("given a service that fails to start, when all start, then what had started is stopped and one error tells why", async () => {
    const failing = broken({ start: () => Promise.reject(new Error("no licence file")) });
    const error: unknown = await start([failing, testingService()]).catch((e: unknown) => e);
    if (!(error instanceof StartError)) throw error;
    expect(error.message).toBe("dawr could not start: starting watcher: no licence file");
    expect(statesIn(world.lines).slice(-6)).toEqual(["unready", "drained", "idle", "flushed", "stopped", "closed"]);
    await expectNoConnections();
  });

  test("given a listener whose port is taken, when all start, then consumers, relays and jobs are stopped again", async () => {
    let stops = 0;
    const failing = broken({
      start: () => ({
        listeners: [{ name: "door", start: () => Promise.reject(new Error("port 80 is in use")) }],
        stop: async () => {
          stops += 1;
        },
      }),
    });
    await expect(start([testingService(), failing])).rejects.toThrow("listening: door: port 80 is in use");
    expect(stops).toBe(1);
    await expectNoConnections();
  });

  test("given a database that is away, when it starts, then it says so", async () => {
    const services = {
      ...world.services,
      watcher: {
        DATABASE_URL: "postgres://dawr_watcher:x@127.0.0.1:1/x",
        MIGRATION_DATABASE_URL: "postgres://o:x@127.0.0.1:1/x",
      },
    };
    await expect(start([testingService(), watcherService], { services })).rejects.toThrow(/migrating watcher/);
    await expectNoConnections();
  });

  test("given nobody who migrates, when a service starts, then it refuses a database that is not migrated, and takes one that is", async () => {
    const own = await openWorld(["testing"]);
    const migrating = { ...own.env, ...own.services.testing };
    const serving = { ...migrating, MIGRATION_DATABASE_URL: "" };
    const options = { logDestination: own.logDestination };
    try {
      await expect(runService(testingService(), serving, options)).rejects.toThrow(
        /migrating testing: the database is not migrated \(store\/0001-[a-z-]+\.sql .*MIGRATION_DATABASE_URL/,
      );
      await (await runService(testingService(), migrating, options)).stop();
      await (await runService(testingService(), serving, options)).stop();
    } finally {
      await own.close();
    }
  });

  async function expectNoConnections(): Promise<void> {
    const { database } = world;
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: database.adminUrl });
    await client.connect();
    try {
      await eventually(async () => {
        const { rows } = await client.query(
          "select usename from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
        );
        expect(rows).toEqual([]);
      });
    } finally {
      await client.end();
    }
  }
});

describe("runService", () => {
  test("given two services in two runtimes, when one calls the other over gRPC, then it is answered", async () => {
    const bus = inProcessBus({ log: await quietLog(), now: Temporal.Now.instant });
    const options = { logDestination: world.logDestination, bus };
    const testing = await runService(testingService(), { ...world.env, ...world.services.testing }, options);
    const watcher = await runService(
      watcherService,
      { ...world.env, ...world.services.watcher, TESTING_ADDRESS: testing.urls.grpc?.replace("grpc://", "") },
      options,
    );
    try {
      const id = randomUUID();
      const answer = await fetch(`${watcher.urls.door}/dawr.testing.v1.EchoService/Write`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text: "far away", requestId: id }),
      });
      expect(await answer.json()).toEqual({ text: "far away" });
      await eventually(async () => {
        expect(
          await rowsOf(watcher, "watcher", "select text from seen where name = $1", [`things/${id}`]),
        ).toHaveLength(1);
      });
      const ready = await (await fetch(`${watcher.urls.metrics}/readyz`)).json();
      expect(ready).toEqual({ ready: true, checks: [{ name: "database", required: true }] });
    } finally {
      await watcher.stop();
      await testing.stop();
    }
  });

  test("given a service alone without a bus, when it writes, then its event waits in the outbox", async () => {
    const testing = await runService(testingService(), { ...world.env, ...world.services.testing }, world);
    try {
      const id = randomUUID();
      await testing.client(EchoService).write({ text: "kept", requestId: id });
      expect(await rowsOf(testing, "testing", "select key from outbox where key = $1", [id])).toEqual([{ key: id }]);
    } finally {
      await testing.stop();
    }
  });
});

async function quietLog() {
  const { createLogger } = await import("@dawr/telemetry");
  return createLogger({ service: "test", level: "silent" });
}
