import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { ConfigError, type Env } from "@dawr/config";
import { type Running, type RunOptions, runAll, type State } from "@dawr/runtime";
import { prepareDatabase } from "@dawr/store";
import pg from "pg";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { environmentOf, type Ports, passwordOf, portsFrom } from "./environment.ts";
import type { Flags } from "./flags.ts";
import { freePorts } from "./free-ports.ts";
import { seedMarket } from "./market/seed-market.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./postgres/embedded.ts";
import { schemas, services } from "./services.ts";
import { StandaloneError } from "./standalone-error.ts";

/** A standalone platform that runs. */
export type Standalone = {
  readonly running: Running;
  readonly ports: Ports;
  readonly urls: {
    readonly gateway: string;
    readonly sandbox: string;
    readonly mailbox: string;
    readonly metrics: string;
  };
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
  const ports = await freePorts(portsFrom(flags.port));
  const folder = await openDataFolder(flags.dataDir, flags.fresh);
  const undo: (() => Promise<void>)[] = [folder.release];
  try {
    doing("starting PostgreSQL");
    const postgres = flags.databaseUrl === undefined ? await startEmbeddedPostgres(folder.postgres) : undefined;
    if (postgres !== undefined) undo.unshift(postgres.stop);
    const adminUrl = flags.databaseUrl ?? postgres?.adminUrl ?? "";
    doing("preparing the database");
    await prepared(adminUrl, folder);
    if (!existsSync(folder.keyFile)) await requireNothingEncrypted(adminUrl, folder.keyFile);
    const { env, services: own } = environmentOf({
      folder,
      ports,
      adminUrl,
      logLevel: flags.logLevel,
      schemas,
      given: options.given,
    });
    const running = await runAll(services, {
      ...options.run,
      env,
      // The folder is ours alone, and so is the database in it.
      isAlone: postgres !== undefined,
      services: own,
      onState: (state) => {
        const next = doingNext[state];
        if (next !== undefined) doing(next);
      },
    });
    undo.unshift(running.stop);
    if (flags.demo) {
      doing("making the demo market");
      await seedMarket(running, folder.marketFile, options.run?.now?.() ?? Temporal.Now.instant());
    }
    options.stop.throwIfAborted();
    return await describe(running, folder, ports, postgres, undo);
  } catch (error) {
    for (const step of undo) await step().catch(() => undefined);
    throw error instanceof ConfigError || error instanceof StandaloneError ? error : oneLine(error);
  }
}

async function prepared(adminUrl: string, folder: DataFolder): Promise<void> {
  try {
    await prepareDatabase({ adminUrl, services: schemas, passwordOf: passwordOf(folder) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StandaloneError(`the database cannot be used: ${reason}`, { cause });
  }
}

/** Keys are made when there are none, but never beside people whom only the lost ones can read. */
async function requireNothingEncrypted(adminUrl: string, keyFile: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ isThere: boolean }>(
      `select to_regclass('identity.account') is not null as "isThere"`,
    );
    if (rows[0]?.isThere !== true) return;
    const { rowCount } = await client.query("select from identity.account limit 1");
    if (rowCount !== 0)
      throw new StandaloneError(
        `the encryption keys are missing, and the database holds people that only they can read; put ${keyFile} back, or start anew with --fresh`,
      );
  } finally {
    await client.end();
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
    metrics: `http://localhost:${ports.metrics}/metrics`,
  };
  await writeFile(folder.runFile, `${JSON.stringify({ pid: process.pid, urls }, null, 2)}\n`);
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
