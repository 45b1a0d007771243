/** Sessions whose access tokens are refused although they have not expired. */
export class DeniedSessions {
  readonly #untilMs = new Map<string, number>();

  /** Denies a session (its id, or its full name) until the given time, by which its tokens have expired. */
  deny(session: string, until: Temporal.Instant, now: Temporal.Instant): void {
    for (const [id, untilMs] of this.#untilMs) if (untilMs <= now.epochMilliseconds) this.#untilMs.delete(id);
    this.#untilMs.set(idOf(session), until.epochMilliseconds);
  }

  /** True when the session's tokens are refused. */
  has(session: string): boolean {
    return this.#untilMs.size > 0 && this.#untilMs.has(idOf(session));
  }

  get size(): number {
    return this.#untilMs.size;
  }
}

function idOf(session: string): string {
  return session.slice(session.lastIndexOf("/") + 1);
}
