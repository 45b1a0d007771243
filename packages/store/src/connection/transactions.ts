import { setTimeout as delay } from "node:timers/promises";
import { type EntityManagers, openTx, type Tx } from "../tx.ts";
import { clockOffset, setClockOffset } from "./clock-offset.ts";
import { fromDriver, isConnectionLoss, isStalePlan, isWorthRepeating } from "./driver-errors.ts";
import type { Connection, ConnectionPool } from "./pool.ts";
import { openSession, type Session, type StatementNames } from "./session.ts";
import type { StatementObserver } from "./statements.ts";

/** What transactions are run with. */
export type TransactionDeps = {
  readonly pool: ConnectionPool;
  readonly observer: StatementObserver;
  readonly nameOf: StatementNames;
  readonly entityManagers: EntityManagers | undefined;
  readonly now: () => Temporal.Instant;
};

/** The kinds of transaction: one that writes, or one that reads several things as they were at one moment. */
export type TransactionKind = "write" | "snapshot";

/**
 * Runs work in a transaction, again where PostgreSQL gave it up for another's sake (40001, 40P01), and where it only reads
 * also when its connection died.
 */
export async function runTransaction<T>(
  deps: TransactionDeps,
  kind: TransactionKind,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const connection = await takeBegun(deps, kind);
    const session = openSession(connection, deps.observer, deps.nameOf);
    try {
      const { tx, flush } = openTx(session, deps.entityManagers, kind === "write");
      const result = await work(tx);
      await flush();
      await session.end();
      await commit(connection, deps.observer);
      deps.pool.give(connection);
      return result;
    } catch (error) {
      const failure = fromDriver(error);
      await rollBack(deps, connection, session, failure);
      const mayRepeat = kind === "write" ? isWorthRepeating(failure) : isWorthRepeatingRead(failure);
      if (!mayRepeat || attempt === attempts) throw failure;
    }
    await delay(Math.random() * 5 * 2 ** attempt);
  }
}

/** Runs work that only reads, each statement for itself. */
export async function runRead<T>(deps: TransactionDeps, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const connection = await deps.pool.take();
    const session = openSession(connection, deps.observer, deps.nameOf);
    let isSound = true;
    try {
      const offsetMs = clockOffset(deps.now);
      if (offsetMs !== connection.clockOffsetMs) {
        const statement = setClockOffset(offsetMs, "session");
        await session.runText(statement, statement);
        connection.clockOffsetMs = offsetMs;
      }
      return await work(openTx(session, deps.entityManagers, false).tx);
    } catch (error) {
      const failure = fromDriver(error);
      isSound = !isConnectionLoss(failure) && !isStalePlan(failure);
      if (!isWorthRepeatingRead(failure) || attempt === attempts) throw failure;
    } finally {
      await session.end();
      deps.pool.give(connection, isSound);
    }
  }
}

const attempts = 5;

/** What has written nothing may also run again when its connection died under it. */
function isWorthRepeatingRead(failure: unknown): boolean {
  return isConnectionLoss(failure) || isWorthRepeating(failure);
}

const beginOf: Readonly<Record<TransactionKind, string>> = {
  write: "begin",
  snapshot: "begin isolation level repeatable read read only",
};

/** A connection with a transaction begun; connections that died unnoticed in the pool are passed over. */
async function takeBegun(deps: TransactionDeps, kind: TransactionKind): Promise<Connection> {
  for (;;) {
    const isFresh = !deps.pool.hasIdle();
    const connection = await deps.pool.take();
    const offsetMs = clockOffset(deps.now);
    const begin = beginOf[kind];
    try {
      await deps.observer.observe("BEGIN", async () => {
        const setting = setClockOffset(offsetMs, "transaction");
        await connection.client.query(offsetMs === connection.clockOffsetMs ? begin : `${begin}; ${setting}`);
      });
      return connection;
    } catch (error) {
      const failure = fromDriver(error);
      deps.pool.give(connection, false);
      if (isFresh || !isConnectionLoss(failure)) throw failure;
    }
  }
}

async function commit({ client }: Connection, observer: StatementObserver): Promise<void> {
  const { command } = await observer.observe("COMMIT", async () => {
    try {
      return await client.query("commit");
    } catch (error) {
      throw fromDriver(error);
    }
  });
  // A statement failed and nobody let the failure pass: PostgreSQL then rolls back and reports no error.
  if (command === "ROLLBACK")
    throw new Error("a statement's failure was swallowed, so the transaction was rolled back");
}

async function rollBack(
  { pool, observer }: TransactionDeps,
  connection: Connection,
  session: Session,
  failure: unknown,
): Promise<void> {
  let isSound = !isConnectionLoss(failure) && !isStalePlan(failure) && !connection.isLost;
  try {
    await session.end();
    if (isSound) await observer.observe("ROLLBACK", () => connection.client.query("rollback"));
  } catch {
    // The work's own failure is what matters; a connection that cannot even roll back is closed.
    isSound = false;
  } finally {
    pool.give(connection, isSound);
  }
}
