import pg from "pg";
import { StoreError } from "../errors.ts";
import type { Log } from "../log.ts";
import { fromDriver } from "./driver-errors.ts";
import { poolMetrics } from "./pool-metrics.ts";
import { typeParsers } from "./values.ts";

/** How a store connects. */
export type ConnectionSettings = {
  readonly url: string;
  readonly schema: string;
  readonly maxConnections: number;
  /** How long a caller waits for a free connection before it is refused with UNAVAILABLE. */
  readonly poolWaitMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly log: Log;
};

/** A connection with what the store remembers of it. */
export type Connection = {
  readonly client: pg.PoolClient;
  /** The clock offset that the session has been given, in milliseconds. */
  clockOffsetMs: number;
  isLost: boolean;
};

/** The pool of a store's connections, and a way to take one. */
export type ConnectionPool = {
  readonly hasIdle: () => boolean;
  readonly take: () => Promise<Connection>;
  /** Gives a connection back; one that is lost, or not to be trusted any more, is closed. */
  readonly give: (connection: Connection, isSound?: boolean) => void;
  /** Waits for connections in use, and closes all. */
  readonly close: () => Promise<void>;
};

/** Makes the pool; it connects when first used. A lost connection is logged and replaced, never thrown. */
export function openPool(settings: ConnectionSettings): ConnectionPool {
  const { log, schema } = settings;
  const pool = new pg.Pool({
    ...clientConfig(settings),
    max: settings.maxConnections,
    connectionTimeoutMillis: settings.poolWaitMs,
    idleTimeoutMillis: 30_000,
    // Spreads over new servers after a failover or a scale-out.
    maxLifetimeSeconds: 1_800,
    statement_timeout: settings.statementTimeoutMs,
    lock_timeout: settings.lockTimeoutMs,
    // A server that no longer answers at all is left after a little longer than it would let a statement run.
    query_timeout: settings.statementTimeoutMs + 5_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  const known = new WeakMap<pg.PoolClient, Connection>();
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  // Without a listener an idle connection's end would end the process; what is to be said is said below.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    const connection: Connection = { client, clockOffsetMs: 0, isLost: false };
    known.set(client, connection);
    client.on("error", (error) => {
      connection.isLost = true;
      // All connections end together when the server does: one line is enough.
      if (performance.now() - warnedAtMs < 1_000) return;
      warnedAtMs = performance.now();
      log.warn({ err: fromDriver(error), schema }, "a database connection was lost");
    });
    client.on("end", () => {
      connection.isLost = true;
    });
  });

  const metrics = poolMetrics(pool, schema);

  return {
    hasIdle: () => pool.idleCount > 0,
    take: async () => {
      const startMs = performance.now();
      let client: pg.PoolClient;
      try {
        client = await pool.connect();
      } catch (error) {
        if (!isWaitOver(error)) throw fromDriver(error);
        metrics.refused();
        const { maxConnections, poolWaitMs } = settings;
        throw new StoreError("UNAVAILABLE", `none of ${maxConnections} connections became free in ${poolWaitMs} ms`);
      } finally {
        metrics.waited(performance.now() - startMs);
      }
      const connection = known.get(client);
      if (connection === undefined) throw new Error("the pool gave a connection that it never announced");
      return connection;
    },
    give: (connection, isSound = true) => connection.client.release(!isSound || connection.isLost),
    close: async () => {
      metrics.close();
      await pool.end();
    },
  };
}

/** What every connection of a service is opened with: its schema first, then the extensions'; UTC; ISO forms. */
export function clientConfig({ url, schema }: { readonly url: string; readonly schema: string }): pg.ClientConfig {
  if (!/^[a-z_][a-z0-9_]*$/.test(schema)) throw new TypeError(`${schema} is no schema's name`);
  const parsed = new URL(url);
  const given = parsed.searchParams.get("options");
  parsed.searchParams.delete("options");
  const settings = {
    search_path: `${schema},extensions`,
    TimeZone: "UTC",
    DateStyle: "ISO",
    IntervalStyle: "iso_8601",
    // Compiling takes longer than any statement of ours runs.
    jit: "off",
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  return {
    connectionString: parsed.href,
    options: [...(given === null ? [] : [given]), ...options].join(" "),
    application_name: schema,
    keepAlive: true,
    // Statements need not wait for the answers to those before them.
    pipeline: true,
    types: typeParsers,
  };
}

function isWaitOver(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("timeout exceeded when trying to connect");
}
