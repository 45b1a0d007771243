import type { EntitySchema } from "@mikro-orm/core";
import { openListener } from "./connection/listener.ts";
import { clientConfig, openPool } from "./connection/pool.ts";
import { statementNames } from "./connection/session.ts";
import { statementObserver } from "./connection/statements.ts";
import { runAlone, runTransaction, type TransactionDeps } from "./connection/transactions.ts";
import type { Log } from "./log.ts";
import type { EntityManagers, Tx } from "./tx.ts";

/** A service's database: its own schema, through a role that may use nothing else. */
export type Store = {
  /** The schema, which is the service's name. */
  readonly schema: string;
  /**
   * Runs work in a READ COMMITTED transaction; its error rolls back. Where PostgreSQL gives the transaction up for
   * another's sake (40001, 40P01) the work runs again, so that it must do nothing outside the transaction. Throws
   * ConstraintViolation, or StoreError UNAVAILABLE, CONTENTION, DEADLINE_EXCEEDED.
   */
  transaction<T>(work: (tx: Tx) => Promise<T> | T): Promise<T>;
  /**
   * Runs one statement that is a transaction of its own: a single round trip. When its connection dies under it, it runs
   * again, so that it must do no harm when it is run twice.
   */
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Runs work that writes nothing, each statement for itself on one connection; it may run again, too. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** As read(), but all statements see the same moment. */
  readSnapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Hears notifications of a channel of this schema until the returned function is called: at once what this process
   * commits, a moment later what others do. All channels share one connection; after it was lost and made again, every
   * listener is called with "".
   */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  /** Asks the database for an answer. */
  ping(): Promise<void>;
  /** Waits for running work, then closes all connections. */
  close(): Promise<void>;
};

/** How a store is opened. */
export type StoreOptions = {
  /** With the service's role. */
  readonly url: string;
  readonly schema: string;
  readonly entities?: readonly EntitySchema[];
  /** At most so many at once, the listening one not counted; 10 unless told. */
  readonly maxConnections?: number;
  /** The platform's clock; clock_now() in SQL follows it. */
  readonly now: () => Temporal.Instant;
  readonly log: Log;
  /** How long a caller waits for a free connection; 5 s unless told. */
  readonly poolWaitMs?: number;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  /** True when no other process works on this schema, so that nobody else need be woken by what this one commits. */
  readonly isAlone?: boolean;
  /** False behind a pooler that does not keep prepared statements apart. */
  readonly preparedStatements?: boolean;
};

/** Opens a store; it connects when first used, so that a service can start while its database is away. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, schema, entities = [], now, log } = options;
  const pool = openPool({
    url,
    schema,
    log,
    maxConnections: options.maxConnections ?? 10,
    poolWaitMs: options.poolWaitMs ?? 5_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 15_000,
    lockTimeoutMs: options.lockTimeoutMs ?? 5_000,
  });
  const listener = openListener(
    { ...clientConfig({ url, schema }), application_name: `${schema} listen` },
    { log, isAlone: options.isAlone === true },
  );
  const channelOf = (channel: string) => `${schema}:${channel}`;
  const deps: TransactionDeps = {
    pool,
    schema,
    observer: statementObserver({ url, schema }, log),
    nameOf: options.preparedStatements === false ? () => undefined : statementNames(),
    entityManagers: await entityManagersOf(entities, schema),
    now,
    notify: (channel, payload) => listener.notify(channelOf(channel), payload),
  };
  let closing: Promise<void> | undefined;
  return {
    schema,
    transaction: (work) => runTransaction(deps, "write", work),
    query: (sql, params) => runAlone(deps, "write", (tx) => tx.query(sql, params)),
    read: (work) => runAlone(deps, "read", work),
    readSnapshot: (work) => runTransaction(deps, "snapshot", work),
    listen: (channel, onNotify) => listener.listen(channelOf(channel), onNotify),
    ping: () => runAlone(deps, "read", async (tx) => void (await tx.query("select 1"))),
    close: () => {
      closing ??= pool.close().finally(() => listener.close());
      return closing;
    },
  };
}

/** MikroORM's driver takes long to load, so that only stores with entities do. */
async function entityManagersOf(
  entities: readonly EntitySchema[],
  schema: string,
): Promise<EntityManagers | undefined> {
  if (entities.length === 0) return undefined;
  const { openEntityManagers } = await import("./entity/entity-managers.ts");
  return openEntityManagers(entities, schema);
}
