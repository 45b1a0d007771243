import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { type Bus, startRelay } from "@dawr/events";
import { type Caller, guard, type Mounted, type PlatformAuth } from "@dawr/rpc";
import { type KeyRing, openStore, pruneRequests, type Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { ServiceSettings } from "./config.ts";
import { type Enqueue, enqueueInto } from "./jobs.ts";
import { migrateServiceJobs } from "./migrate.ts";
import { startStepRunner } from "./run-steps.ts";
import type { Check, Host, Parts, ServiceDefinition } from "./service.ts";
import type { Stages } from "./stages.ts";
import { startTimer } from "./timer.ts";

/** How often answers to repeated requests that are past their time are removed. */
const pruneEveryMs = 3_600_000;

/** What every service of a process is given in the same way. */
export type UnitDeps = {
  readonly settings: ServiceSettings;
  readonly auth: PlatformAuth;
  readonly caller: Caller;
  /** Absent for a service without a database. */
  readonly keys: KeyRing | undefined;
  readonly now: () => Temporal.Instant;
  readonly newId: () => string;
  readonly log: Logger;
  readonly stages: Stages;
  /** No other process works on these databases. */
  readonly isAlone: boolean;
};

/** One service in this process, on its way from a definition to something that works. */
export type Unit = {
  readonly definition: ServiceDefinition;
  readonly host: Host;
  parts(): Parts;
  mounted(): readonly Mounted[];
  checks(): readonly Check[];
  /** Calls the service's start() and puts the interceptors around what it implements. */
  start(): Promise<void>;
  /** Feeds its consumers. */
  subscribe(bus: Bus): Promise<void>;
  /** Starts what works by itself: relay, timers, steps, jobs. */
  work(bus: Bus | undefined): Promise<void>;
};

/** Opens a service's store and makes its host. */
export async function openUnit(definition: ServiceDefinition, deps: UnitDeps): Promise<Unit> {
  const { settings, auth, caller, keys, now, newId, log, stages } = deps;
  const { name } = definition;
  const store = await openUnitStore(definition, deps);
  let parts: Parts = {};
  let mounted: readonly Mounted[] = [];

  const enqueue: Enqueue = enqueueInto(name, now, () => parts.jobs ?? []);
  const host: Host = {
    name,
    config: settings.own,
    get store() {
      if (store === undefined) throw new Error(`${name} has no migrations and so no database`);
      return store;
    },
    client: <D extends DescService>(service: D): Client<D> => caller.client(service),
    now,
    newId,
    log,
    get keys() {
      if (keys === undefined) throw new Error(`${name} has no database and so no keys`);
      return keys;
    },
    auth,
    ...(settings.dataDir === undefined ? {} : { dataDir: settings.dataDir }),
    mounted: () => mounted,
    enqueue,
  };

  return {
    definition,
    host,
    parts: () => parts,
    mounted: () => mounted,
    checks: () => [
      ...(store === undefined ? [] : [{ name: "database", required: true, check: () => store.ping() }]),
      ...(parts.checks ?? []),
    ],

    async start() {
      parts = await definition.start(host);
      stages.add("stopped", name, () => parts.stop?.());
      const { implementations = [], ownerOf } = parts;
      if (implementations.length > 0)
        mounted = [guard({ service: name, implementations, errors: [definition.errors], ownerOf, auth, log })];
    },

    async subscribe(bus) {
      const { consumers = [] } = parts;
      if (consumers.length === 0) return;
      const subscription = await bus.subscribe(consumers, host.store);
      stages.add("stopped", `consumers of ${name}`, () => subscription.close());
    },

    async work(bus) {
      if (store === undefined) return;
      if (bus !== undefined) {
        const relay = await startRelay({ store, bus, source: `dawr.${name}`, log, now });
        stages.add("flushed", `relay of ${name}`, async (graceMs) => {
          const isFlushed = await relay.flush({ timeoutMs: graceMs * 0.5 });
          // Another replica may lead, or a consumer be stuck: the outbox keeps what is left.
          if (!isFlushed) log.info("events are left in the outbox");
          await relay.close({ graceMs: graceMs * 0.25 });
        });
      }
      for (const timer of parts.timers ?? []) {
        const running = await startTimer(timer, { store, now, log });
        stages.add("idle", `timer ${timer.name} of ${name}`, () => running.stop());
      }
      for (const runner of parts.steps ?? []) {
        const running = await startStepRunner(runner, { store, now, log });
        // Steps call other services, and those have until the end of this stage too.
        stages.add("idle", `steps of ${runner.name}`, (graceMs) => running.stop(graceMs * 0.5));
      }
      const pruning = setInterval(() => {
        pruneRequests(store, now()).catch((error: unknown) => log.warn({ err: error }, "old answers were not removed"));
      }, pruneEveryMs);
      pruning.unref();
      stages.add("idle", `pruning of ${name}`, () => clearInterval(pruning));
      const { jobs = [] } = parts;
      if (jobs.length > 0 && settings.database !== undefined) {
        await migrateServiceJobs(name, settings.database, log);
        // Loaded only by services that have jobs.
        const { startJobs } = await import("./run-jobs.ts");
        const running = await startJobs(jobs, { service: name, url: settings.database.DATABASE_URL, log });
        stages.add("idle", `jobs of ${name}`, () => running.stop());
      }
    },
  };
}

async function openUnitStore(definition: ServiceDefinition, deps: UnitDeps): Promise<Store | undefined> {
  const { settings, now, log, stages, isAlone } = deps;
  if (settings.database === undefined) return undefined;
  const store = await openStore({
    url: settings.database.DATABASE_URL,
    schema: definition.name,
    entities: definition.entities ?? [],
    maxConnections: settings.database.DATABASE_CONNECTIONS,
    now,
    log,
    isAlone,
  });
  stages.add("closed", `store of ${definition.name}`, () => store.close());
  return store;
}
