import { setTimeout as delay } from "node:timers/promises";
import { type EntityManagers, openTx, type Tx } from "../tx.ts";
import { clockOffset, setClockOffset } from "./clock-offset.ts";
import { fromDriver, isConnectionLoss, isStalePlan, isWorthRepeating } from "./driver-errors.ts";
import type { Notify } from "./listener.ts";
import type { Connection, ConnectionPool } from "./pool.ts";
import { type Opening, openSession, type Session, type SessionDeps } from "./session.ts";

/** What transactions are run with. */
export type TransactionDeps = SessionDeps & {
  readonly pool: ConnectionPool;
  readonly entityManagers: EntityManagers | undefined;
  readonly schema: string;
  readonly now: () => Temporal.Instant;
  readonly notify: Notify;
};

/** The kinds of transaction: one that writes, or one that reads several things as they were at one moment. */
export type TransactionKind = "write" | "snapshot";

/**
 * Runs work in a transaction, again where PostgreSQL gave it up for another's sake (40001, 40P01), and where it only reads
 * also when its connection died. Who is to be notified is, once it has committed.
 */
export async function runTransaction<T>(
  deps: TransactionDeps,
  kind: TransactionKind,
  work: (tx: Tx) => Promise<T> | T,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const wasIdle = deps.pool.hasIdle();
    const connection = await deps.pool.take();
    const session = openSession(connection, deps, openingOf(deps, connection, kind));
    const { tx, flush, notices } = openTx(session, deps, kind === "write");
    try {
      const result = await work(tx);
      await flush();
      await commit(connection, session, deps);
      deps.pool.give(connection);
      for (const [channel, payload] of notices()) deps.notify(channel, payload);
      return result;
    } catch (error) {
      const failure = await rollBack(deps, connection, session, fromDriver(error));
      // A connection that died unnoticed in the pool is passed over: nothing has begun on it.
      if (wasIdle && isConnectionLoss(await session.openingFailure())) {
        attempt -= 1;
        continue;
      }
      const mayRepeat = kind === "write" ? isWorthRepeating(failure) : isWorthRepeatingAlone(failure);
      if (!mayRepeat || attempt === attempts) throw failure;
    }
    await delay(Math.random() * 5 * 2 ** attempt);
  }
}

/** Runs work whose statements are each a transaction of their own, again also when its connection died under it. */
export async function runAlone<T>(
  deps: TransactionDeps,
  kind: "read" | "write",
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const connection = await deps.pool.take();
    const session = openSession(connection, deps);
    let isSound = true;
    try {
      const offsetMs = clockOffset(deps.now);
      if (offsetMs !== connection.clockOffsetMs) {
        const statement = setClockOffset(offsetMs, "session");
        await session.runText(statement, statement);
        connection.clockOffsetMs = offsetMs;
      }
      return await work(openTx(session, deps, kind === "write").tx);
    } catch (error) {
      const failure = fromDriver(error);
      isSound = !isConnectionLoss(failure) && !isStalePlan(failure);
      if (!isWorthRepeatingAlone(failure) || attempt === attempts) throw failure;
    } finally {
      await closeQuietly(session);
      deps.pool.give(connection, isSound);
    }
  }
}

const attempts = 5;

/** What has written nothing, or may be written twice, also runs again when its connection died under it. */
function isWorthRepeatingAlone(failure: unknown): boolean {
  return isConnectionLoss(failure) || isWorthRepeating(failure);
}

const beginOf: Readonly<Record<TransactionKind, string>> = {
  write: "begin",
  snapshot: "begin isolation level repeatable read read only",
};

function openingOf({ now }: TransactionDeps, connection: Connection, kind: TransactionKind): Opening {
  const begin = beginOf[kind];
  const offsetMs = clockOffset(now);
  const isSet = offsetMs === connection.clockOffsetMs;
  return { text: isSet ? begin : `${begin}; ${setClockOffset(offsetMs, "transaction")}`, shown: "BEGIN" };
}

/** Sends the commit behind what is under way. A statement that failed has made PostgreSQL roll back in its place. */
async function commit({ client }: Connection, session: Session, { observer }: TransactionDeps): Promise<void> {
  if (!session.end()) return;
  // Until BEGIN is answered the connection may be a dead one, whose transaction is run again: not so once it may commit.
  const unopened = await session.openingFailure();
  if (unopened !== undefined) throw unopened;
  const committed = observer.observe("COMMIT", async () => {
    try {
      return await client.query("commit");
    } catch (error) {
      throw fromDriver(error);
    }
  });
  const [answer, others] = await Promise.allSettled([committed, session.settled()]);
  if (others.status === "rejected") throw others.reason;
  if (answer.status === "rejected") throw answer.reason;
  // A statement failed and nobody let the failure pass: PostgreSQL then rolls back and reports no error.
  if (answer.value.command === "ROLLBACK")
    throw new Error("a statement's failure was swallowed, so the transaction was rolled back");
}

/** Rolls back and gives the connection back; answers what the transaction failed with at first. */
async function rollBack(
  { pool, observer }: TransactionDeps,
  connection: Connection,
  session: Session,
  failure: unknown,
): Promise<unknown> {
  let isSound = !isConnectionLoss(failure) && !isStalePlan(failure) && !connection.isLost;
  try {
    if (session.end() && isSound) await observer.observe("ROLLBACK", () => connection.client.query("rollback"));
  } catch {
    // The work's own failure is what matters; a connection that cannot even roll back is closed.
    isSound = false;
  }
  const posted = await closeQuietly(session);
  const cause = posted ?? failure;
  pool.give(connection, isSound && !isConnectionLoss(cause) && !isStalePlan(cause));
  return cause;
}

/** Waits for what is under way; answers what a posted statement failed with, which whatever came later only followed. */
async function closeQuietly(session: Session): Promise<unknown> {
  session.end();
  return await session.settled().then(
    () => undefined,
    (error: unknown) => error,
  );
}
