import { StoreError } from "../errors.ts";
import { readToken, signToken, type TokenKey } from "./signed-token.ts";

/** A list that is asked for page by page. */
export type PagedQuery = {
  /** The service's key ring. */
  readonly key: TokenKey;
  /** All that the caller asked; a token for another question is refused. Page size and token themselves do not count. */
  readonly query: unknown;
};

/**
 * The token for the page after a cursor: whatever JSON can say, and bigint, Temporal.Instant, Temporal.PlainDate and
 * bytes. It can be read, so no secrets; it cannot be made or changed.
 */
export function signPageToken({ key, query, cursor }: PagedQuery & { readonly cursor: unknown }): string {
  return signToken({ key, purpose: "page", query }, cursor);
}

/** The cursor in a token; undefined for an empty one, which asks for the first page. Throws PAGE_TOKEN_INVALID. */
export function readPageToken({ key, query, token }: PagedQuery & { readonly token: string }): unknown {
  if (token === "") return undefined;
  const read = readToken({ key, purpose: "page", query }, token);
  if (read === undefined) throw new StoreError("PAGE_TOKEN_INVALID", "the page token is of another query, or not ours");
  return read.content;
}
