import type pg from "pg";
import { StoreError } from "../errors.ts";
import { fromDriver } from "./driver-errors.ts";
import type { Connection } from "./pool.ts";
import type { StatementObserver } from "./statements.ts";
import { plainTypeParsers, toParameters } from "./values.ts";

/** What PostgreSQL answered to one statement. */
export type Answer<Row> = { readonly rows: Row[]; readonly rowCount: number; readonly command: string };

/**
 * The use of one connection for one piece of work. Statements run one after the other however they are called; once it
 * is ended it refuses, so that a forgotten await cannot write into somebody else's transaction.
 */
export type Session = {
  /** Runs a statement with real parameters. */
  readonly run: <Row>(text: string, values: readonly unknown[]) => Promise<Answer<Row>>;
  /** Runs MikroORM's text, which has its values in it; `shown` is the same without them, for telemetry. */
  readonly runText: (text: string, shown: string) => Promise<Answer<unknown>>;
  /** Waits until no statement is under way, and refuses those to come. */
  readonly end: () => Promise<void>;
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

/** Opens a session on a connection. */
export function openSession(connection: Connection, observer: StatementObserver, nameOf: StatementNames): Session {
  const { client } = connection;
  let last: Promise<unknown> | undefined;
  let hasEnded = false;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (hasEnded) throw new Error("the transaction is over: a statement was not awaited, or the Tx was kept");
    const before = last;
    const turn = before === undefined ? work() : before.then(work, work);
    last = turn;
    try {
      return await turn;
    } finally {
      if (last === turn) last = undefined;
    }
  }

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

  return {
    run: (text, values) =>
      inTurn(() =>
        send(text, () => {
          const name = nameOf(text);
          const parameters = toParameters(values);
          return client.query(name === undefined ? { text, values: parameters } : { name, text, values: parameters });
        }),
      ),
    runText: (text, shown) => inTurn(() => send(shown, () => client.query({ text, types: plainTypeParsers }))),
    end: async () => {
      hasEnded = true;
      await last?.catch(() => {});
    },
  };
}

function toAnswer<Row>(result: pg.QueryResult): Answer<Row> {
  // Several statements in one text answer with a list, which the driver's types do not say.
  const lastOf: pg.QueryResult = Array.isArray(result) ? result.at(-1) : result;
  return { rows: lastOf.rows, rowCount: lastOf.rowCount ?? 0, command: lastOf.command };
}
