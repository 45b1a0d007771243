/** Where a page of a list by start begins. */
export type Cursor = { readonly start: string; readonly id: string };

/** The cursor that a page token held; nothing for the first page. */
export function cursorFrom(content: unknown): Cursor | undefined {
  if (content === undefined) return undefined;
  if (typeof content === "object" && content !== null && "start" in content && "id" in content) {
    const { start, id } = content;
    if (typeof start === "string" && typeof id === "string") return { start, id };
  }
  throw new TypeError("a page token of ours holds something else");
}
