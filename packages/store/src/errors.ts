/** Why the store refused; the names are those of dawr.type.v1's ErrorReason. */
export type StoreReason =
  | "UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "CONTENTION"
  | "NOT_FOUND"
  | "VALIDATION_FAILED"
  | "REQUEST_ID_REUSED"
  | "PAGE_TOKEN_INVALID"
  | "RESUME_TOKEN_INVALID"
  | "STREAM_TOO_SLOW";

type Metadata = Readonly<Record<string, string>>;

/** A refusal that callers may be told of: its reason has a code and a text in rpc's table of platform errors. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly reason: StoreReason;
  readonly metadata: Metadata;
  /** PostgreSQL's code, where it was PostgreSQL that refused. */
  readonly sqlState: string | undefined;

  constructor(
    reason: StoreReason,
    message: string,
    { metadata = {}, sqlState, cause }: { metadata?: Metadata; sqlState?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.metadata = metadata;
    this.sqlState = sqlState;
  }
}

/** Which kind of rule of the schema a row broke. */
export type ConstraintKind = "unique" | "exclusion" | "foreign key" | "check" | "not null";

/** A row broke a rule of the schema; carries names only, never the row's values. */
export class ConstraintViolation extends Error {
  override readonly name = "ConstraintViolation";
  readonly kind: ConstraintKind;
  readonly table: string;
  /** The constraint's name; for "not null" the column's. */
  readonly constraint: string;
  readonly sqlState: string;

  constructor(violation: { kind: ConstraintKind; table: string; constraint: string; sqlState: string }) {
    super(`${violation.table} refused a row: ${violation.kind} ${violation.constraint}`);
    this.kind = violation.kind;
    this.table = violation.table;
    this.constraint = violation.constraint;
    this.sqlState = violation.sqlState;
  }
}

/** PostgreSQL refused a statement for a reason that is ours to mend; the message has lost the values it quoted. */
export class StatementError extends Error {
  override readonly name = "StatementError";
  readonly sqlState: string;

  constructor(sqlState: string, message: string) {
    super(`${message} (${sqlState})`);
    this.sqlState = sqlState;
  }
}
