/** How often, and how long apart, a message is tried. */
export type RetryRule = {
  readonly first: Temporal.Duration;
  readonly limit: Temporal.Duration;
  /** Refusals before the message is given up. */
  readonly attempts: number;
};

/** What an attempt came to; "unreachable": there was no server that could have said anything. */
export type Outcome = "delivered" | "refused" | "failed" | "unreachable";

/** What follows from an attempt. */
export type Verdict =
  | { readonly kind: "delivered" }
  | { readonly kind: "given up" }
  | { readonly kind: "again"; readonly at: Temporal.Instant; readonly failures: number };

/**
 * Decides what follows from an attempt: a refusal for good ends it, other refusals end it after the last attempt, and a
 * server that is away only delays it. `attempts` counts this one too; pauses double up to the limit. (MS-03)
 */
export function afterAttempt(
  outcome: Outcome,
  { attempts, failures }: { readonly attempts: number; readonly failures: number },
  rule: RetryRule,
  at: Temporal.Instant,
): Verdict {
  if (outcome === "delivered") return { kind: "delivered" };
  if (outcome === "refused") return { kind: "given up" };
  const counted = outcome === "failed" ? failures + 1 : failures;
  if (counted >= rule.attempts) return { kind: "given up" };
  return { kind: "again", at: at.add({ milliseconds: pauseMs(attempts, rule) }), failures: counted };
}

function pauseMs(attempts: number, { first, limit }: RetryRule): number {
  const doubled = first.total("milliseconds") * 2 ** Math.min(attempts - 1, 40);
  return Math.round(Math.min(doubled, limit.total("milliseconds")));
}
