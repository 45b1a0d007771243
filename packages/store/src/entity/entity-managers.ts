import type { EntitySchema } from "@mikro-orm/core";
import { MikroORM } from "@mikro-orm/postgresql";
import type { Answer, Session } from "../connection/session.ts";
import type { EntityManagers } from "../tx.ts";

/**
 * Makes MikroORM work on the store's own sessions: it discovers the entities given, and never connects by itself.
 * Statements that it builds carry their values in the text (escaped by MikroORM); telemetry gets them without.
 */
export function openEntityManagers(entities: readonly EntitySchema[], schema: string): EntityManagers {
  /** What the statement that is about to run looks like without its values. */
  let shown = "";
  const orm = new MikroORM({
    entities: [...entities],
    dbName: schema,
    driverOptions: noConnection,
    onQuery: (text) => {
      shown = text;
      return text;
    },
    metadataCache: { enabled: false },
    ensureDatabase: false,
    discovery: { warnWhenNoEntities: false },
  });
  // The session's errors are the store's own already.
  Reflect.set(orm.driver.getPlatform(), "exceptionConverter", { convertException: (error: Error) => error });
  return (session) => {
    const em = orm.em.fork({ useContext: false });
    em.setTransactionContext(transactionContext(session, () => shown));
    return { em, flush: () => em.flush() };
  };
}

type Executable<T> = { readonly execute: () => Promise<T> };

/** The part of Kysely's transaction that MikroORM uses. */
type TransactionContext = {
  readonly isRolledBack: boolean;
  readonly executeQuery: (query: { readonly sql: string }) => Promise<QueryResult>;
  readonly savepoint: (name: string) => Executable<TransactionContext>;
  readonly releaseSavepoint: (name: string) => Executable<TransactionContext>;
  readonly rollbackToSavepoint: (name: string) => Executable<TransactionContext>;
  readonly getExecutor: () => { readonly provideConnection: <T>(work: () => Promise<T>) => Promise<T> };
};

type QueryResult = { readonly rows: readonly unknown[]; readonly numAffectedRows?: bigint };

function transactionContext(session: Session, shown: () => string): TransactionContext {
  const command = (text: string, next: () => TransactionContext): Executable<TransactionContext> => ({
    execute: async () => {
      await session.runText(text, text);
      return next();
    },
  });
  const self: TransactionContext = {
    isRolledBack: false,
    // MikroORM tells the text and hands the statement over in one go, so that `shown` is this statement's.
    executeQuery: async ({ sql }) => toQueryResult(await session.runText(sql, shown())),
    savepoint: (name) => command(`savepoint ${name}`, () => transactionContext(session, shown)),
    releaseSavepoint: (name) => command(`release savepoint ${name}`, () => self),
    rollbackToSavepoint: (name) => command(`rollback to savepoint ${name}`, () => self),
    getExecutor: () => ({ provideConnection: (work) => work() }),
  };
  return self;
}

function toQueryResult({ rows, rowCount, command }: Answer<unknown>): QueryResult {
  return ["INSERT", "UPDATE", "DELETE", "MERGE"].includes(command)
    ? { rows, numAffectedRows: BigInt(rowCount) }
    : { rows };
}

/** A dialect of Kysely that refuses to connect: entity managers exist only within a Tx. */
const noConnection = {
  createDriver: () => ({
    init: async () => {},
    acquireConnection: async () => {
      throw new Error("entities are read and written with the em of a Tx");
    },
    destroy: async () => {},
  }),
  createQueryCompiler: () => ({}),
  createAdapter: () => ({}),
  createIntrospector: () => ({}),
};
