import type { Tx } from "@dawr/store";
import type { Candidate, Document, FreeShare } from "../domain/document.ts";
import type { Question } from "../domain/question.ts";

/** What keeps the index and finds in it: the port of PostgreSQL here, of Typesense in a cluster. (SE-07) */
export type Engine = {
  /** For GetIndexStatus. */
  readonly name: string;
  /** Writes whole documents over what is there, in the caller's transaction. */
  put(tx: Tx, documents: readonly Document[]): Promise<void>;
  /** Takes providers out. */
  remove(tx: Tx, providerIds: readonly string[]): Promise<void>;
  /** Keeps how much of providers' time is free, whether they can be found or not; older news changes nothing. */
  putShares(tx: Tx, shares: readonly (FreeShare & ShareKey)[]): Promise<void>;
  /** Who the question finds: exactly those whose failedFilters() are none; the nearest first, at most `limit`. */
  find(question: Question, limit: number): Promise<readonly Candidate[]>;
  /** Reads those of the documents that there are, in any order. */
  read(providerIds: readonly string[]): Promise<readonly (Document & FreeShare)[]>;
  /** How many providers can be found. */
  count(): Promise<number>;
};

/** Whose share it is, and of which version of their calendar. */
export type ShareKey = {
  readonly providerId: string;
  readonly sequence: bigint;
  readonly eventTime: Temporal.Instant;
};
