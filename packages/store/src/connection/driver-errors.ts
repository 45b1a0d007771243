import { type ConstraintKind, ConstraintViolation, StatementError, StoreError } from "../errors.ts";

/**
 * Turns what the driver throws into the store's errors; anything else passes as it is. What PostgreSQL says in `detail`
 * or quotes in a message may be personal data, so neither the error nor its cause keeps it.
 */
export function fromDriver(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const sqlState = sqlStateIn(error);
  if (isConnectionLoss(error)) {
    return new StoreError("UNAVAILABLE", `the database is away: ${error.message}`, { sqlState });
  }
  if (sqlState === undefined) return error;
  const kind = constraintKinds.get(sqlState);
  if (kind !== undefined) {
    const constraint = textOf(error, "constraint") || textOf(error, "column");
    return new ConstraintViolation({ kind, table: textOf(error, "table"), constraint, sqlState });
  }
  const reason = reasons.get(sqlState);
  return reason === undefined
    ? new StatementError(sqlState, withoutValues(error.message))
    : new StoreError(reason, withoutValues(error.message), { sqlState });
}

/** Whether the connection, or the server behind it, is no longer fit for use. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof StoreError) return error.reason === "UNAVAILABLE";
  const code = textOf(error, "code");
  return (
    socketCodes.has(code) ||
    // No such socket file: the server on this machine is down.
    (code === "ENOENT" && textOf(error, "syscall") === "connect") ||
    (sqlStateIn(error) !== undefined && (/^(08|57P|53)/.test(code) || lostStates.has(code))) ||
    lostMessage.test(error.message)
  );
}

/** Whether the same transaction may succeed when it is run again from its start. */
export function isWorthRepeating(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("sqlState" in at && typeof at.sqlState === "string" && repeatable.has(at.sqlState)) return true;
    if (isStalePlan(at)) return true;
  }
  return false;
}

/** Whether a prepared statement no longer fits the tables, which were migrated meanwhile, or is gone. */
export function isStalePlan(error: unknown): boolean {
  if (!(error instanceof StatementError)) return false;
  return error.sqlState === "26000" || (error.sqlState === "0A000" && error.message.startsWith("cached plan"));
}

const repeatable: ReadonlySet<string> = new Set(["40001", "40P01"]);

const reasons: ReadonlyMap<string, "CONTENTION" | "DEADLINE_EXCEEDED"> = new Map([
  ["40001", "CONTENTION"],
  ["40P01", "CONTENTION"],
  ["55P03", "CONTENTION"],
  ["57014", "DEADLINE_EXCEEDED"],
]);

const constraintKinds: ReadonlyMap<string, ConstraintKind> = new Map([
  ["23505", "unique"],
  ["23P01", "exclusion"],
  ["23503", "foreign key"],
  ["23514", "check"],
  ["23502", "not null"],
]);

/** Idle in a transaction for too long; and a server that turned into a stand-by under us. */
const lostStates: ReadonlySet<string> = new Set(["25P03", "25P04", "25006"]);

const socketCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

// The driver gives these no code.
const lostMessage =
  /^Connection terminated|^Query read timeout|^timeout (exceeded when trying to connect|expired)|not queryable$|^Cannot use a pool after/;

function sqlStateIn(error: Error): string | undefined {
  if (!("severity" in error)) return undefined;
  const code = textOf(error, "code");
  return /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function textOf(error: Error, field: string): string {
  const value: unknown = Reflect.get(error, field);
  return typeof value === "string" ? value : "";
}

/** `invalid input syntax for type uuid: "…"` keeps its first part. */
function withoutValues(message: string): string {
  return message.replace(/: ".*$/s, "");
}
