import { Code } from "@connectrpc/connect";
import { ErrorReasonSchema } from "@dawr/gen/dawr/type/v1/errors_pb.js";
import { describe, expect, test } from "@jest/globals";
import { defineErrors, errorText } from "./error-table.ts";
import { platformErrors } from "./platform-errors.ts";

test("the platform's reasons are those of the contract", () => {
  const contract = ErrorReasonSchema.values
    .map((v) => v.name.replace("ERROR_REASON_", ""))
    .filter((n) => n !== "UNSPECIFIED");
  expect(Object.keys(platformErrors.reasons).toSorted()).toEqual(contract.toSorted());
});

describe("defineErrors", () => {
  test("tells all that is wrong with a table at once", () => {
    const reasons = {
      lower: { code: Code.Aborted, message: { en: "a", ar: "a" } },
      BROKEN: { code: Code.Aborted, message: { en: "{count, plural, one {x}", ar: "a" } },
    };
    expect(() => defineErrors({ domain: "x.dawr", reasons })).toThrow(/lower is not UPPER_SNAKE_CASE.*BROKEN\.en/s);
  });

  test("takes markup for text", () => {
    const spec = { code: Code.Aborted, message: { en: "<b>{name}</b>", ar: "{name}" } };
    expect(errorText(spec, "en", { name: "<i>" })).toEqual({ locale: "en", text: "<b><i></b>" });
  });

  test("a missing argument does not turn a refusal into a failure", () => {
    const spec = { code: Code.Aborted, message: { en: "{thing} is taken", ar: "{thing}" } };
    expect(errorText(spec, "en", {}).text).toBe("{thing} is taken");
  });
});
