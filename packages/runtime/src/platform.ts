import { setTimeout as delay } from "node:timers/promises";
import type { DescService, Message } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { ConfigError, type ConfigShape, type Env } from "@dawr/config";
import type { Bus } from "@dawr/events";
import {
  type Caller,
  localWorkloadIssuer,
  type Mounted,
  memoryCaller,
  platformAuth,
  type WorkloadIssuer,
} from "@dawr/rpc";
import { type KeyRing, openKeyRing, type Store } from "@dawr/store";
import {
  type LogDestination,
  type Logger,
  startTelemetry,
  type Telemetry,
  type TelemetryOptions,
} from "@dawr/telemetry";
import { newId as newUuid, platformClock } from "./clock.ts";
import { allSettings, type ProcessSettings, type ServiceSettings } from "./config.ts";
import { askReadiness, type Readiness, serveHealth } from "./health.ts";
import { importInto } from "./import-into.ts";
import { openWorkloadKey } from "./keys.ts";
import { migrateService } from "./migrate.ts";
import type { Host, Listener, Parts, ServiceDefinition } from "./service.ts";
import { createStages, type Stages, type State } from "./stages.ts";
import { openUnit, type Unit } from "./unit.ts";

/** What a caller of runService or runAll may set. */
export type RunOptions = {
  /** The platform's clock instead of the machine's moved by CLOCK_OFFSET. */
  readonly now?: () => Temporal.Instant;
  readonly newId?: () => string;
  readonly spanExporter?: NonNullable<TelemetryOptions["spanExporter"]>;
  readonly logDestination?: LogDestination;
  /** Told of each state, with the milliseconds since the state before. */
  readonly onState?: (state: State, elapsedMs: number) => void;
};

/** A platform that runs. */
export type Running = {
  /** By listener, besides "metrics" and, for a service alone, "grpc". */
  readonly urls: Readonly<Record<string, string>>;
  readonly log: Logger;
  /** Throws for a name that does not run here. */
  service(name: string): { readonly store: Store; readonly host: Host; readonly parts: Parts };
  /** Calls what runs here, in memory; as a service when one is named. */
  client<S extends DescService>(service: S, options?: { readonly workload?: string }): Client<S>;
  /** Gives resources in bulk to every service that takes some, each in one transaction of its own. */
  importResources(resources: readonly Message[]): Promise<void>;
  /** The same once under a name, whatever ends it on the way; the resources are made only when a service lacks them. */
  importOnce(name: string, make: () => readonly Message[]): Promise<void>;
  /** Stops in order within the limit; throws StopError when something did not. */
  stop(): Promise<void>;
};

/** Says what kept a platform from starting; what had started is stopped by then. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** How services reach each other: what differs between one alone and all in one process. */
export type Topology = {
  readonly name: string;
  readonly version: string;
  readonly env: Env;
  /** The variables of its listeners, which are wrong together with all others. */
  readonly config: ConfigShape;
  /** This process has the databases for itself. */
  readonly isAlone: boolean;
  readonly units: readonly { readonly definition: ServiceDefinition; readonly env: Env }[];
  /** What carries events; undefined leaves them in the outbox. */
  bus(deps: { readonly log: Logger; readonly now: () => Temporal.Instant }): Bus | undefined;
  callerOf(
    service: string,
    issuer: WorkloadIssuer,
    own: () => readonly Mounted[],
    all: () => readonly Mounted[],
  ): Caller;
  /** Further ports: the gRPC server of a service alone. */
  listeners(mounted: readonly Mounted[]): readonly Listener[];
};

/** Starts services in order; on any failure stops what had started and throws ConfigError or StartError. */
export async function startPlatform(topology: Topology, options: RunOptions): Promise<Running> {
  const { process: settings, services } = allSettings(topology.units, topology.env, topology.config);
  const telemetry = await startTelemetry({
    service: topology.name,
    version: topology.version,
    env: topology.env,
    ...(options.spanExporter === undefined ? {} : { spanExporter: options.spanExporter }),
    ...(options.logDestination === undefined ? {} : { destination: options.logDestination }),
  });
  const { log } = telemetry;
  const enter = stateTeller(log, options.onState);
  const stages = createStages({ limitMs: settings.STOP_LIMIT.total("milliseconds"), log, onStage: enter });
  const doing = { what: "configuration" };
  const stop = async () => {
    try {
      await stages.stop();
    } finally {
      await telemetry.shutdown();
    }
  };
  try {
    enter("configured");
    const running = await start({ topology, options, settings, services, telemetry, stages, enter, doing });
    return { ...running, log, stop };
  } catch (error) {
    // What does not stop is told by the log; the caller wants to know what did not start.
    await stop().catch(() => undefined);
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`${topology.name} could not start: ${doing.what}: ${reason}`, { cause: error });
  }
}

type Starting = {
  readonly topology: Topology;
  readonly options: RunOptions;
  readonly settings: ProcessSettings;
  readonly services: ReadonlyMap<string, ServiceSettings>;
  readonly telemetry: Telemetry;
  readonly stages: Stages;
  readonly enter: (state: State, about?: object) => void;
  readonly doing: { what: string };
};

async function start(starting: Starting): Promise<Omit<Running, "log" | "stop">> {
  const { topology, options, settings, services, telemetry, stages, enter, doing } = starting;
  const { log } = telemetry;
  const definitions = topology.units.map((unit) => unit.definition);
  const now = options.now ?? platformClock(settings.CLOCK_OFFSET);
  const newId = options.newId ?? newUuid;
  const bus = topology.bus({ log, now });
  const units: Unit[] = [];
  let isReady = false;

  doing.what = "the metrics port";
  const health = await serveHealth({
    host: settings.HOST,
    port: settings.METRICS_PORT,
    readiness: () => readinessOf(units, isReady, log),
    metrics: () => telemetry.metrics(),
    log,
  });
  stages.add("closed", "metrics port", () => health.close());
  const urls: Record<string, string> = { metrics: urlOf(settings.HOST, health.port) };

  await together(doing, definitions, {
    what: ({ name }) => `migrating ${name}`,
    work: (definition) => migrateService(definition, services.get(definition.name)?.database, log),
  });
  enter("migrated");

  doing.what = "the keys";
  const issuer = localWorkloadIssuer(await openWorkloadKey(settings.WORKLOAD_KEY_FILE, settings.CREATE_KEYS), now);
  const keyRings = await openKeyRings(services, settings.CREATE_KEYS);
  const all = () => units.flatMap((unit) => unit.mounted());
  // One for all services here: who was revoked or left a provider for one of them is so for all.
  const identityCaller = topology.callerOf(topology.name, issuer, all, all);
  stages.add("closed", "calls of authentication", () => identityCaller.close());
  const auth = platformAuth({ caller: identityCaller, workloadKeys: issuer.verifier, now });
  const { isAlone } = topology;
  const open = async (definition: ServiceDefinition): Promise<Unit> => {
    const own = services.get(definition.name);
    if (own === undefined) throw new Error(`${definition.name} has no settings`);
    const keys = keyRings.get(own.database?.KEY_FILE ?? "");
    const ownMounted = () => units.find((unit) => unit.definition === definition)?.mounted() ?? [];
    const caller = topology.callerOf(definition.name, issuer, ownMounted, all);
    stages.add("closed", `calls of ${definition.name}`, () => caller.close());
    const unitLog = definitions.length === 1 ? log : log.child({ component: definition.name });
    return openUnit(definition, { settings: own, auth, caller, keys, now, newId, log: unitLog, stages, isAlone });
  };
  units.push(...(await together(doing, definitions, { what: ({ name }) => `opening ${name}`, work: open })));
  await together(doing, units, { what: (unit) => `starting ${nameOf(unit)}`, work: (unit) => unit.start() });
  enter("started");

  if (bus !== undefined) {
    stages.add("stopped", "bus", () => bus.close());
    await together(doing, units, {
      what: (unit) => `subscribing ${nameOf(unit)}`,
      work: (unit) => unit.subscribe(bus),
    });
  } else if (units.some((unit) => (unit.parts().consumers ?? []).length > 0))
    log.warn("there is no bus: events wait in the outbox, and none come in");
  enter("subscribed");

  await together(doing, units, {
    what: (unit) => `relay, timers and jobs of ${nameOf(unit)}`,
    work: (unit) => unit.work(bus),
  });
  enter("working");

  const listeners = [...units.flatMap((unit) => unit.parts().listeners ?? []), ...topology.listeners(all())];
  for (const listener of listeners) {
    doing.what = `listening: ${listener.name}`;
    const listening = await listener.start();
    urls[listener.name] = listening.url;
    stages.add("drained", listener.name, (graceMs) => listening.close(graceMs));
    stages.add("unready", listener.name, () => listening.unready?.());
  }
  enter("listening");

  await together(doing, units, {
    what: (unit) => `${nameOf(unit)} getting ready`,
    work: async (unit) => unit.parts().ready?.(),
  });
  stages.add("unready", "readiness", async (graceMs) => {
    isReady = false;
    await delay(Math.min(settings.DRAIN_DELAY.total("milliseconds"), graceMs));
  });
  isReady = true;
  enter("ready", { urls });

  return {
    urls,
    service(name) {
      const unit = units.find(({ definition }) => definition.name === name);
      if (unit === undefined) throw new Error(`${name} does not run here`);
      const { host } = unit;
      return {
        host,
        parts: unit.parts(),
        get store() {
          return host.store;
        },
      };
    },
    client: (service, { workload } = {}) => memoryCaller(all, { workload }).client(service),
    async importResources(resources) {
      await together({ what: "" }, units, { what: nameOf, work: (unit) => importInto(unit, () => resources) });
    },
    async importOnce(name, make) {
      let made: readonly Message[] | undefined;
      const resources = () => (made ??= make());
      await together({ what: "" }, units, { what: nameOf, work: (unit) => importInto(unit, resources, name) });
    },
  };
}

const nameOf = (unit: Unit) => unit.definition.name;

type Task<T, R> = { readonly what: (item: T) => string; readonly work: (item: T) => Promise<R> };

/** Does the same for all at once; waits for all, so that what has started is known, then throws the first error. */
async function together<T, R>(doing: { what: string }, items: readonly T[], { what, work }: Task<T, R>): Promise<R[]> {
  const results = await Promise.allSettled(items.map(work));
  return results.map((result, index) => {
    if (result.status === "fulfilled") return result.value;
    const item = items[index];
    if (item !== undefined) doing.what = what(item);
    throw result.reason;
  });
}

async function openKeyRings(
  services: ReadonlyMap<string, ServiceSettings>,
  create: boolean,
): Promise<ReadonlyMap<string, KeyRing>> {
  const files = new Set([...services.values()].flatMap(({ database }) => database?.KEY_FILE ?? []));
  return new Map(
    await Promise.all([...files].map(async (file) => [file, await openKeyRing(file, { create })] as const)),
  );
}

async function readinessOf(units: readonly Unit[], isReady: boolean, log: Logger): Promise<Readiness> {
  const checks = units.flatMap((unit) =>
    unit.checks().map((check) => ({
      ...check,
      name: units.length === 1 ? check.name : `${unit.definition.name}.${check.name}`,
    })),
  );
  const { ready, checks: results } = await askReadiness(checks, log);
  return { ready: ready && isReady, checks: results };
}

function stateTeller(log: Logger, onState: RunOptions["onState"]): Starting["enter"] {
  let before = performance.now();
  return (state, about) => {
    const elapsedMs = Math.round(performance.now() - before);
    before = performance.now();
    log.info({ state, elapsedMs, ...about }, state);
    onState?.(state, elapsedMs);
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host === "0.0.0.0" || host === "::" ? "localhost" : host}:${port}`;
}
