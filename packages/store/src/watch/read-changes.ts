import { StoreError } from "../errors.ts";
import type { Store } from "../open-store.ts";
import { readToken, signToken, type TokenKey } from "../paging/signed-token.ts";
import type { Tx } from "../tx.ts";

/** Rows that can be asked for what changed: each has `change_xid xid8`, set by every write (trigger mark_change()). */
export type ChangeSource<T> = {
  readonly store: Pick<Store, "readSnapshot">;
  /** The service's key ring; tokens are signed with it. */
  readonly key: TokenKey;
  /** What is asked for: a token of another question is refused. */
  readonly query: unknown;
  /**
   * Reads all that there is, or only what changed since a snapshot, with changedSince() as the condition. Rows that end
   * stay as marked ones for as long as tokens are good: a deleted row tells nobody.
   */
  readonly read: (tx: Tx, since: string | undefined) => Promise<readonly T[]>;
  /** How old a token may be; a day unless told. */
  readonly resumeFor?: Temporal.Duration;
};

/** An answer to "what changed since?". */
export type Changes<T> = {
  /** "snapshot": all that there is; what was known before is to be forgotten. */
  readonly kind: "snapshot" | "changes";
  readonly items: readonly T[];
  /** Good for asking again from here. */
  readonly token: string;
};

/**
 * The SQL condition for rows whose last change was committed after a snapshot was taken: `changedSince("$1")`. It sees
 * each change exactly once whatever the order in which transactions commit, and waits for none that runs long.
 */
export function changedSince(placeholder: `$${number}`, column = "change_xid"): string {
  const snapshot = `${placeholder}::pg_snapshot`;
  return `(${column} >= pg_snapshot_xmin(${snapshot}) and not pg_visible_in_snapshot(${column}, ${snapshot}))`;
}

/**
 * Answers what changed since a token, or everything when there is none or it is too old (GW-03). Throws
 * RESUME_TOKEN_INVALID for a token that is not ours or of another query.
 */
export async function readChanges<T>(source: ChangeSource<T>, token = ""): Promise<Changes<T>> {
  const known = token === "" ? undefined : positionIn(source, token);
  return await source.store.readSnapshot(async (tx) => {
    // Both at once: that a token is of no use is rare, and found out by the same look.
    const [[here], found] = await Promise.all([
      tx.query<Here>(hereStatement, [known?.snapshot ?? null]),
      source.read(tx, known?.snapshot),
    ]);
    if (here === undefined) throw new Error("the database told no snapshot");
    const oldest = here.time.subtract(source.resumeFor ?? oneDay);
    const isUsable = known !== undefined && here.isReachable && Temporal.Instant.compare(known.time, oldest) >= 0;
    const since = isUsable ? known.snapshot : undefined;
    const items = known === undefined || isUsable ? found : await source.read(tx, undefined);
    return { kind: since === undefined ? "snapshot" : "changes", items, token: resumeToken(source, here) };
  });
}

/** Where one is in the history of a database: what its snapshot sees is behind, all else is still to come. */
export type Position = { readonly snapshot: string; readonly time: Temporal.Instant };

/** Where a transaction is; of use for changedSince() later. */
export async function positionOf(tx: Tx): Promise<Position> {
  const [here] = await tx.query<Here>(hereStatement, [null]);
  if (here === undefined) throw new Error("the database told no snapshot");
  return { snapshot: here.snapshot, time: here.time };
}

/** A token that continues a stream of a query from a position. */
export function resumeToken(use: Pick<ChangeSource<unknown>, "key" | "query">, { snapshot, time }: Position): string {
  return signToken({ ...use, purpose: "resume" }, { snapshot, time });
}

type Here = Position & { readonly isReachable: boolean };

const oneDay = Temporal.Duration.from({ hours: 24 });

// A token from a database that was ahead of this one (before it was restored) leads nowhere. Real time, not the
// platform's: tokens are compared with what this database said.
const hereStatement = `
  select pg_current_snapshot()::text as snapshot, clock_timestamp() as time,
    coalesce(pg_snapshot_xmax($1::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot()), false) as "isReachable"`;

function positionIn<T>({ key, query }: ChangeSource<T>, token: string): Position {
  const content = readToken({ key, query, purpose: "resume" }, token)?.content;
  if (typeof content === "object" && content !== null && "snapshot" in content && "time" in content) {
    const { snapshot, time } = content;
    if (typeof snapshot === "string" && time instanceof Temporal.Instant) return { snapshot, time };
  }
  throw new StoreError("RESUME_TOKEN_INVALID", "the resume token is of another stream, or not ours");
}
