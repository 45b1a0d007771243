import { describe, expect, test } from "@jest/globals";
import { requireAge } from "./age.ts";

describe("given a service from 7 years on, in Dubai on 5 May (ID-09)", () => {
  // Half past one in Dubai, and the day before in UTC.
  const booking = { startTime: Temporal.Instant.from("2026-05-04T21:30:00Z"), timeZone: "Asia/Dubai" };
  test.each([
    ["2019-05-05", true],
    ["2019-05-06", false],
    ["2019-05-04", true],
    [undefined, false],
  ])("when somebody was born on %s, then old enough: %s", (born, isOldEnough) => {
    const ask = () => requireAge(born === undefined ? undefined : Temporal.PlainDate.from(born), 7, booking);
    const tooYoung = expect.objectContaining({ reason: "TOO_YOUNG", metadata: { min_age_years: "7" } });
    if (isOldEnough) expect(ask).not.toThrow();
    else expect(ask).toThrow(tooYoung);
  });

  test("when the service has no limit, then nobody's age matters", () => {
    expect(() => requireAge(undefined, 0, booking)).not.toThrow();
  });
});
