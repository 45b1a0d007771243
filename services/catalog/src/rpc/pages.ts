import { type KeyRing, readPageToken, signPageToken } from "@dawr/store";

const defaultPageSize = 50;

/** The size of a page: what was asked for, or the service's own. */
export const pageSizeOf = (asked: number): number => (asked === 0 ? defaultPageSize : asked);

/** Reads the id after which a page begins; undefined for the first page. Throws PAGE_TOKEN_INVALID. */
export function afterIdOf(key: KeyRing, query: unknown, token: string): string | undefined {
  const cursor = readPageToken({ key, query, token });
  return typeof cursor === "string" ? cursor : undefined;
}

/** Cuts a page out of rows of which one more than its size was read, and signs the way to the next one. */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  token: { readonly key: KeyRing; readonly query: unknown; cursorOf(last: T): unknown },
): { readonly page: readonly T[]; readonly nextPageToken: string } {
  const page = rows.slice(0, size);
  const last = page.at(-1);
  const hasMore = rows.length > size && last !== undefined;
  const nextPageToken = hasMore
    ? signPageToken({ key: token.key, query: token.query, cursor: token.cursorOf(last) })
    : "";
  return { page, nextPageToken };
}
