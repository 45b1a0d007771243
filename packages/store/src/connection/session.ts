import type pg from "pg";
import { StoreError } from "../errors.ts";
import { fromDriver } from "./driver-errors.ts";
import type { Connection } from "./pool.ts";
import type { StatementObserver } from "./statements.ts";
import { plainTypeParsers, toParameters } from "./values.ts";

/** What PostgreSQL answered to one statement. */
export type Answer<Row> = { readonly rows: Row[]; readonly rowCount: number; readonly command: string };

/**
 * The use of one connection for one piece of work. Statements are sent as they come and run one after the other; those of
 * one moment travel together, the opening one with the first. Once it is ended it refuses, so that a forgotten await
 * cannot write into somebody else's transaction.
 */
export type Session = {
  /** Runs a statement with real parameters. */
  readonly run: <Row>(text: string, values: readonly unknown[]) => Promise<Answer<Row>>;
  /** Runs MikroORM's text, which has its values in it; `shown` is the same without them, for telemetry. */
  readonly runText: (text: string, shown: string) => Promise<Answer<unknown>>;
  /** Sends a statement that nobody waits for; its failure shows in settled(). */
  readonly post: (text: string, values: readonly unknown[]) => void;
  /** Refuses statements from now on; answers whether any was sent. */
  readonly end: () => boolean;
  /** Waits until no statement is under way; throws what the opening statement or a posted one failed with. */
  readonly settled: () => Promise<void>;
  /** What the opening statement failed with; undefined when it worked or was never sent. */
  readonly openingFailure: () => Promise<unknown>;
};

/** Names for statements worth preparing: the same text has the same name on every connection of a store. */
export type StatementNames = (text: string) => string | undefined;

/** Prepares statements under short names, up to a number of them: texts put together at run time must not pile up. */
export function statementNames(limit = 400): StatementNames {
  const names = new Map<string, string>();
  return (text) => {
    let name = names.get(text);
    if (name === undefined && names.size < limit) {
      name = `s${names.size}`;
      names.set(text, name);
    }
    return name;
  };
}

/** What a session is opened on. */
export type SessionDeps = { readonly observer: StatementObserver; readonly nameOf: StatementNames };

/** What is sent before the first statement, and how telemetry calls it. */
export type Opening = { readonly text: string; readonly shown: string };

/** Opens a session on a connection. */
export function openSession(connection: Connection, deps: SessionDeps, opening?: Opening): Session {
  const { client } = connection;
  const { observer, nameOf } = deps;
  const pending = new Set<Promise<unknown>>();
  let first: { readonly error: unknown; readonly isAwaited: boolean } | undefined;
  let opened: Promise<unknown> | undefined;
  let hasEnded = false;

  async function send<Row>(shown: string, query: () => Promise<pg.QueryResult>): Promise<Answer<Row>> {
    return await observer.observe(shown, async () => {
      if (connection.isLost) throw new StoreError("UNAVAILABLE", "the database connection was lost");
      try {
        return toAnswer<Row>(await query());
      } catch (error) {
        throw fromDriver(error);
      }
    });
  }

  function track<T>(work: Promise<T>, isAwaited = true): Promise<T> {
    pending.add(work);
    work.then(
      () => pending.delete(work),
      (error: unknown) => {
        first ??= { error, isAwaited };
        pending.delete(work);
      },
    );
    return work;
  }

  function watch(work: Promise<unknown>): void {
    void track(work, false).catch(() => {});
  }

  function start<Row>(shown: string, query: () => Promise<pg.QueryResult>): Promise<Answer<Row>> {
    if (hasEnded) throw new Error("the transaction is over: a statement was not awaited, or the Tx was kept");
    gather(client);
    if (opened === undefined && opening !== undefined) {
      opened = send(opening.shown, () => client.query(opening.text));
      watch(opened);
    }
    return send<Row>(shown, query);
  }

  function query(text: string, values: readonly unknown[]) {
    const parameters = toParameters(values);
    return () => {
      const name = nameOf(text);
      return client.query(name === undefined ? { text, values: parameters } : { name, text, values: parameters });
    };
  }

  return {
    run: async <Row>(text: string, values: readonly unknown[]) => await track(start<Row>(text, query(text, values))),
    runText: async (text, shown) => await track(start(shown, () => client.query({ text, types: plainTypeParsers }))),
    post: (text, values) => watch(start(text, query(text, values))),
    end: () => {
      hasEnded = true;
      return opening === undefined || opened !== undefined;
    },
    settled: async () => {
      await Promise.allSettled(pending);
      if (first?.isAwaited === false) throw first.error;
    },
    openingFailure: async () =>
      await opened?.then(
        () => undefined,
        (error: unknown) => error,
      ),
  };
}

/** Holds back what is written until the end of this turn: a system call costs more than a statement. */
function gather(client: pg.PoolClient): void {
  const { stream } = client.connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

function toAnswer<Row>(result: pg.QueryResult): Answer<Row> {
  // Several statements in one text answer with a list, which the driver's types do not say.
  const lastOf: pg.QueryResult = Array.isArray(result) ? result.at(-1) : result;
  return { rows: lastOf.rows, rowCount: lastOf.rowCount ?? 0, command: lastOf.command };
}
