import type { EntityManager } from "@mikro-orm/postgresql";
import type { Session } from "./connection/session.ts";

/** What work in a transaction may use. */
export type Tx = {
  /** MikroORM's entity manager on the transaction's connection; what it holds is flushed before the commit. */
  readonly em: EntityManager;
  /**
   * Runs a statement on the transaction's connection; `$1`… are sent as parameters. int8 and xid8 come as bigint,
   * timestamptz as Temporal.Instant, date as Temporal.PlainDate, timestamp as Temporal.PlainDateTime, bytea as Buffer,
   * json as its value, interval as ISO 8601 text, numeric as text. A JSON array is passed as text.
   */
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /**
   * Sends a statement whose answer nobody needs: it travels with whatever is sent next, the commit at the latest, and
   * runs before that. Its failure fails the transaction; it does not go with savepoints.
   */
  post(sql: string, params?: readonly unknown[]): void;
  /**
   * Wakes who listens to the channel of this schema, once the transaction has committed. A crash between the two may
   * lose it, so that who listens must also look from time to time. Payloads are short: at most 7,999 bytes.
   */
  notify(channel: string, payload?: string): void;
  readonly schema: string;
};

/** An entity manager on a session, and the way to write what it holds. */
type EntitySession = { readonly em: EntityManager; readonly flush: () => Promise<void> };

/** Makes entity managers; absent where a store has no entities. */
export type EntityManagers = (session: Session) => EntitySession;

/** Who is to be woken: channel and payload. */
type Notice = readonly [channel: string, payload: string];

/** A Tx with its end. */
export type OpenTx = {
  readonly tx: Tx;
  readonly flush: () => Promise<void>;
  readonly notices: () => readonly Notice[];
};

/** Makes the Tx of a session; an entity manager is made when it is first asked for. */
export function openTx(
  session: Session,
  { entityManagers, schema }: { readonly entityManagers: EntityManagers | undefined; readonly schema: string },
  mayWrite: boolean,
): OpenTx {
  let entities: EntitySession | undefined;
  const notices = new Map<string, Notice>();

  function requireWrite(): void {
    if (!mayWrite) throw new Error("read() was used to write");
  }

  async function query<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    const { rows, command } = await session.run<Row>(sql, params);
    if (!mayWrite && writes.has(command)) throw new Error(`read() was used to write: ${command}`);
    return rows;
  }

  return {
    tx: {
      get em() {
        if (entityManagers === undefined) throw new Error("the store was opened without entities");
        entities ??= entityManagers(session);
        return entities.em;
      },
      query,
      post: (sql, params = []) => {
        requireWrite();
        session.post(sql, params);
      },
      notify: (channel, payload = "") => {
        requireWrite();
        if (Buffer.byteLength(payload) > 7_999) throw new RangeError(`a payload of ${channel} is too long`);
        notices.set(`${channel} ${payload}`, [channel, payload]);
      },
      schema,
    },
    flush: async () => entities?.flush(),
    notices: () => [...notices.values()],
  };
}

const writes: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"]);
