import { hash } from "node:crypto";

type Entry<T> = { readonly value: T; readonly expiresAtMs: number };

/** Remembers what tokens proved, by their hash and until they expire; the least recently used go first. */
export class TokenCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #limit: number;

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  /** What the token proved; undefined when it is unknown or has expired by the given time (Unix milliseconds). */
  get(token: string, nowMs: number): T | undefined {
    const key = keyOf(token);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.expiresAtMs <= nowMs) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Remembers what the token proved until the given time (Unix milliseconds). */
  set(token: string, value: T, expiresAtMs: number): void {
    this.#entries.set(keyOf(token), { value, expiresAtMs });
    if (this.#entries.size <= this.#limit) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  get size(): number {
    return this.#entries.size;
  }
}

// A person's calls come in bursts with the same token: its hash is worth a second look-up, not a second computation.
const recent = new Map<string, string>();
const recentLimit = 256;

function keyOf(token: string): string {
  let key = recent.get(token);
  if (key === undefined) {
    key = hash("sha256", token, "base64");
    if (recent.size >= recentLimit) recent.clear();
    recent.set(token, key);
  }
  return key;
}
