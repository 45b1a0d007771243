import type { Membership } from "../call/actor.ts";

/** Remembers answers for a few seconds, so that a busy member costs one question in that time. */
export type MembershipCache = {
  of(account: string): Promise<readonly Membership[]>;
  /** Asks anew from now on: for one account, or for all. */
  forget(account?: string): void;
};

/** Makes a cache in front of a question to identity; failures are not remembered. */
export function membershipCache(
  ask: (account: string) => Promise<readonly Membership[]>,
  { maxAgeMs = 5000, limit = 10_000 }: { readonly maxAgeMs?: number; readonly limit?: number } = {},
): MembershipCache {
  const known = new Map<string, { readonly answer: Promise<readonly Membership[]>; readonly untilMs: number }>();
  return {
    of(account) {
      // Ages are real seconds: a platform clock that stands still must not keep an answer for ever.
      const nowMs = performance.now();
      const entry = known.get(account);
      if (entry !== undefined && entry.untilMs > nowMs) return entry.answer;
      const answer = ask(account);
      known.delete(account);
      known.set(account, { answer, untilMs: nowMs + maxAgeMs });
      answer.catch(() => {
        if (known.get(account)?.answer === answer) known.delete(account);
      });
      if (known.size > limit) {
        const oldest = known.keys().next();
        if (oldest.done !== true) known.delete(oldest.value);
      }
      return answer;
    },
    forget(account) {
      if (account === undefined) known.clear();
      else known.delete(account);
    },
  };
}
