import { Code, type ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, LocalizedMessageSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { describe, expect, test } from "@jest/globals";
import { errorMapper } from "./error-mapper.ts";
import { type FieldProblem, FieldsError, invalid } from "./fields-error.ts";

const toConnectError = errorMapper([], {
  error: () => {
    throw new Error("a refusal was logged");
  },
});
const answer = (error: unknown, locale: string) => toConnectError(error, { locale, method: "/m", requestId: "r" });
const textOf = (error: ConnectError) => error.findDetails(LocalizedMessageSchema)[0];

const problems: readonly FieldProblem[] = [
  {
    field: "number",
    rules: [
      { name: "gte", limit: "0" },
      { name: "lte", limit: "999" },
    ],
  },
  {
    field: "provider",
    rules: [{ name: "pattern", limit: "^providers/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" }],
  },
  { field: "range", rules: [{ name: "time_range.order", text: "the end must come after the start" }] },
  { field: "other", rules: [{ name: "newer", limit: "7" }] },
];

describe("FieldsError", () => {
  test.each([
    [
      "en",
      "Please correct: number (0 or more, 999 or less); provider (of the form providers/{id}); range (the end must come after the start); other (the rule newer 7).",
    ],
    [
      "ar",
      "يُرجى تصحيح: number (0 فأكثر، 999 فأقل)؛ provider (بالصيغة providers/{id})؛ range (يجب أن تكون النهاية بعد البداية)؛ other (القاعدة newer 7).",
    ],
  ])("given a reader of %s, when answered, then the text says field by field what is wanted", (locale, text) => {
    const error = answer(new FieldsError("VALIDATION_FAILED", problems), locale);
    expect(error.code).toBe(Code.InvalidArgument);
    expect(textOf(error)).toMatchObject({ locale, message: text });
    const [detail] = error.findDetails(BadRequestSchema);
    expect(detail?.fieldViolations.map(({ field, reason }) => [field, reason])).toEqual([
      ["number", "GTE_LTE"],
      ["provider", "PATTERN"],
      ["range", "TIME_RANGE_ORDER"],
      ["other", "NEWER"],
    ]);
    expect(detail?.fieldViolations[2]).toMatchObject({
      description: "the end must come after the start",
      localizedMessage: { locale },
    });
  });

  test("given nothing that can be named, when answered, then no empty field is told", () => {
    const error = answer(new FieldsError("MALFORMED_MESSAGE", []), "en");
    expect(textOf(error)?.message).toBe("The request could not be read.");
    expect([new FieldsError("MALFORMED_MESSAGE", []).metadata, error.findDetails(BadRequestSchema)]).toEqual([{}, []]);
  });

  test("given a store that refuses a field, when answered, then the text names it all the same", () => {
    const error = Object.assign(new Error("no UUID"), {
      reason: "VALIDATION_FAILED",
      metadata: { fields: "requestId", rules: "requestId: uuid" },
    });
    expect(textOf(answer(error, "en"))?.message).toBe("Please correct: requestId.");
  });

  test("given more than 20 problems, when refused, then the first 20 are told: headers have a limit", () => {
    const fields = Array.from({ length: 21 }, (_, i) => `labels[${i}]`);
    expect(invalid(fields.slice(0, 20)).metadata.fields).toBe(fields.slice(0, 20).join(", "));
    expect(invalid(fields).metadata.fields).toBe(fields.slice(0, 20).join(", "));
  });

  test("given a field that a handler misses, when refused, then it is named as required", () => {
    expect(invalid(["a", "b"]).metadata).toEqual({ fields: "a, b", rules: "a: required; b: required" });
    const named = invalid("mask", { name: "in", limit: "displayName, price" });
    expect(named.metadata).toEqual({ fields: "mask", rules: "mask: in displayName, price" });
  });
});
