export type TestClock = {
  readonly now: () => Temporal.Instant;
  /** Moves the clock on (or back, by a negative duration). */
  readonly advance: (by: Temporal.Duration | Temporal.DurationLike | string) => Temporal.Instant;
};

/** A clock that stands still until it is moved, from an instant such as "2026-03-01T09:00:00Z". */
export function testClock(start: Temporal.Instant | string): TestClock {
  let current = Temporal.Instant.from(start);
  return {
    now: () => current,
    advance: (by) => {
      // Days are of 24 hours here: an instant knows no time zone in which a day could be longer.
      const nanoseconds = Temporal.Duration.from(by).total({
        unit: "nanoseconds",
        relativeTo: current.toZonedDateTimeISO("UTC"),
      });
      current = current.add({ nanoseconds: Math.round(nanoseconds) });
      return current;
    },
  };
}
