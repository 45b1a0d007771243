import type { KeyRing } from "../keys/key-ring.ts";
import { canonical, fromCanonical } from "./canonical.ts";

/** The part of a KeyRing that tokens need. */
export type TokenKey = Pick<KeyRing, "sign" | "verify">;

/** What a token is good for: its purpose, and the question that it continues. */
export type TokenUse = { readonly key: TokenKey; readonly purpose: string; readonly query: unknown };

/** base64url of `signature · content`: whoever changes a character, or asks something else, gets nothing. */
export function signToken({ key, purpose, query }: TokenUse, content: unknown): string {
  const text = Buffer.from(canonical(content), "utf8");
  return Buffer.concat([key.sign(text, contextOf(purpose, query)), text]).toString("base64url");
}

/** The content of a token for this use; undefined when it is not one of ours. */
export function readToken({ key, purpose, query }: TokenUse, token: string): { content: unknown } | undefined {
  if (!/^[\w-]+$/.test(token)) return undefined;
  const bytes = Buffer.from(token, "base64url");
  // Another spelling of the same bytes is not the token that was given out.
  if (bytes.toString("base64url") !== token) return undefined;
  const text = bytes.subarray(signatureBytes);
  if (!key.verify(text, bytes.subarray(0, signatureBytes), contextOf(purpose, query))) return undefined;
  return { content: fromCanonical(text.toString("utf8")) };
}

const signatureBytes = 37;

/** Where in the pages one is, and how large they are, is not part of the question. */
function contextOf(purpose: string, query: unknown): string {
  if (typeof query !== "object" || query === null) return `${purpose} ${canonical(query)}`;
  const asked = Object.entries(query).filter(([name]) => !positions.has(name));
  return `${purpose} ${canonical(Array.isArray(query) ? query : Object.fromEntries(asked))}`;
}

const positions: ReadonlySet<string> = new Set([
  "pageToken",
  "page_token",
  "pageSize",
  "page_size",
  "resumeToken",
  "resume_token",
]);
