import { ConfigError, type Env } from "@dawr/config";
import { type Running, type RunOptions, runAll, type State } from "@dawr/runtime";
import { prepareDatabase } from "@dawr/store";
import { type DataFolder, openDataFolder, refuseSecond } from "./data-folder.ts";
import { environmentOf, type Ports, passwordOf, portsFrom } from "./environment.ts";
import type { Flags } from "./flags.ts";
import { freePorts } from "./free-ports.ts";
import { seedMarket } from "./market/seed-market.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./postgres/embedded.ts";
import { requireFittingKeys } from "./require-keys.ts";
import { type Run, writeRunFile } from "./run-file.ts";
import { schemas, services } from "./services.ts";
import { StandaloneError } from "./standalone-error.ts";

/** A standalone platform that runs. */
export type Standalone = {
  readonly running: Running;
  readonly ports: Ports;
  readonly urls: Run["urls"];
  readonly wasAdopted: boolean;
  /** Stops services, then the database if it is ours, and lets the folder go. */
  stop(): Promise<void>;
};

const doingNext: Partial<Record<State, string>> = {
  configured: "migrating the database",
  migrated: "starting the services",
  started: "connecting events",
  subscribed: "starting background work",
  working: "opening ports",
};

/**
 * Starts everything in this process on one data folder: the database, every service and, unless told not to, the demo
 * market. Once `stop` is aborted it goes no further than the step that it is at, takes everything back and throws.
 */
export async function startStandalone(
  flags: Flags,
  options: {
    readonly given: Env;
    readonly doing: (what: string) => void;
    readonly stop: AbortSignal;
    readonly run?: RunOptions;
  },
): Promise<Standalone> {
  const doing = (what: string): void => {
    options.stop.throwIfAborted();
    options.doing(what);
  };
  // Whoever starts a second one wants to know of the first, not of its ports.
  await refuseSecond(flags.dataDir);
  const ports = await freePorts(portsFrom(flags.port));
  const folder = await openDataFolder(flags.dataDir, flags.fresh);
  const undo: (() => Promise<void>)[] = [folder.release];
  try {
    doing("starting PostgreSQL");
    const postgres = flags.databaseUrl === undefined ? await startEmbeddedPostgres(folder.postgres) : undefined;
    if (postgres !== undefined) undo.unshift(postgres.stop);
    const adminUrl = flags.databaseUrl ?? postgres?.adminUrl ?? "";
    const { logLevel } = flags;
    const surroundings = environmentOf({ folder, ports, adminUrl, logLevel, schemas, given: options.given });
    doing("preparing the database");
    await prepared(adminUrl, folder, surroundings.keyFile);
    const running = await runAll(services, {
      ...options.run,
      env: surroundings.env,
      // The folder is ours alone, and so is the database in it.
      isAlone: postgres !== undefined,
      services: surroundings.services,
      onState: (state) => {
        const next = doingNext[state];
        if (next !== undefined) doing(next);
      },
    });
    undo.unshift(running.stop);
    if (flags.demo) {
      doing("making the demo market");
      await seedMarket(running, options.run?.now?.() ?? Temporal.Now.instant());
    }
    options.stop.throwIfAborted();
    return await describe(running, folder, ports, postgres, undo);
  } catch (error) {
    for (const step of undo) await step().catch(() => undefined);
    throw error instanceof ConfigError || error instanceof StandaloneError ? error : oneLine(error);
  }
}

async function prepared(adminUrl: string, folder: DataFolder, keyFile: string): Promise<void> {
  try {
    // First of all: preparing gives the roles this folder's passwords, which would lock another one out.
    await requireFittingKeys(adminUrl, keyFile);
    await prepareDatabase({ adminUrl, services: schemas, passwordOf: passwordOf(folder) });
  } catch (cause) {
    if (cause instanceof StandaloneError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StandaloneError(`the database cannot be used: ${reason}`, { cause });
  }
}

async function describe(
  running: Running,
  folder: DataFolder,
  ports: Ports,
  postgres: EmbeddedPostgres | undefined,
  undo: readonly (() => Promise<void>)[],
): Promise<Standalone> {
  const sandbox = `http://localhost:${ports.sandbox}`;
  const urls = {
    gateway: `http://localhost:${ports.gateway}`,
    sandbox,
    mailbox: `${sandbox}/mailbox`,
    smtp: `smtp://localhost:${ports.smtp}`,
    metrics: `http://localhost:${ports.metrics}/metrics`,
  };
  await writeRunFile(folder.runFile, { pid: process.pid, urls });
  return {
    running,
    ports,
    urls,
    wasAdopted: postgres?.wasAdopted ?? false,
    stop: async () => {
      const failures: unknown[] = [];
      for (const step of undo) await step().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
  };
}

function oneLine(error: unknown): StandaloneError {
  const text = error instanceof Error ? error.message : String(error);
  return new StandaloneError(text.split("\n")[0] ?? "the platform did not start", { cause: error });
}
