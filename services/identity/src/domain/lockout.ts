/** What is known of failed log-ins with one address. */
export type Failures = { readonly count: number; readonly lockUntil: Temporal.Instant | undefined };

/** How failed log-ins lock an address. */
export type LockRule = {
  /** The failure that locks for the first time; 5 by default. */
  readonly allowedFailures: number;
  readonly firstLock: Temporal.Duration;
  readonly longestLock: Temporal.Duration;
};

/** Counts one more failure; from the allowed number on each one locks for twice as long as the one before. (ID-05) */
export function afterFailure(before: Failures, at: Temporal.Instant, rule: LockRule): Failures {
  const count = before.count + 1;
  if (count < rule.allowedFailures) return { count, lockUntil: undefined };
  const doublings = Math.min(count - rule.allowedFailures, 30);
  const lockMs = Math.min(
    rule.firstLock.total("milliseconds") * 2 ** doublings,
    rule.longestLock.total("milliseconds"),
  );
  return { count, lockUntil: at.add({ milliseconds: lockMs }) };
}

/** Whether an address is locked at an instant; it is free again at the lock's end. */
export function isLocked(failures: Failures, at: Temporal.Instant): boolean {
  return failures.lockUntil !== undefined && Temporal.Instant.compare(at, failures.lockUntil) < 0;
}
