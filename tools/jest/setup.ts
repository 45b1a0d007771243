import { expect } from "@jest/globals";

/** The Temporal types whose values say everything about them in their text. */
const temporalTypes = [
  Temporal.Instant,
  Temporal.ZonedDateTime,
  Temporal.PlainDateTime,
  Temporal.PlainDate,
  Temporal.PlainTime,
  Temporal.PlainYearMonth,
  Temporal.PlainMonthDay,
  Temporal.Duration,
] as const;

// A Temporal value has no own properties, so that Jest takes any two of them for equal: without this, no test about
// times could fail.
expect.addEqualityTesters([
  function areTemporalEqual(a: unknown, b: unknown): boolean | undefined {
    for (const type of temporalTypes) {
      if (a instanceof type || b instanceof type)
        return a instanceof type && b instanceof type && a.toString() === b.toString();
    }
    return undefined;
  },
]);

// Node's own modules throw errors of another realm than the one that Jest runs tests in: `instanceof Error`, which the
// code under test rightly uses, would say no to a plain ENOENT.
const ordinaryHasInstance = Function.prototype[Symbol.hasInstance];
Object.defineProperty(Error, Symbol.hasInstance, {
  configurable: true,
  value(this: unknown, value: unknown): boolean {
    return ordinaryHasInstance.call(this, value) || (this === Error && Error.isError(value));
  },
});
