import { randomInt, timingSafeEqual } from "node:crypto";
import type { KeyRing } from "@dawr/store";

/** A one-time code of six digits, from the system's randomness. */
export const newCode = (): string => String(randomInt(0, 1_000_000)).padStart(6, "0");

/** The keyed hash under which a code is stored: six digits would be guessed from a plain one. */
export const codeHashOf = (keys: KeyRing, code: string): Uint8Array => keys.blindIndex(code, "identity.code");

/** Tells, in constant time, whether a stored hash is this code's. */
export function codeMatcher(keys: KeyRing, code: string): (stored: Uint8Array) => boolean {
  const wanted = codeHashOf(keys, code);
  return (stored) => stored.byteLength === wanted.byteLength && timingSafeEqual(stored, wanted);
}
