import { create, type DescField, type DescMessage, type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { type FieldRules, field as rulesOfField } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { access, Who } from "@dawr/gen/dawr/access/v1/access_pb.js";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { contractFiles } from "./contract-files.ts";
import { hostileMessage } from "./hostile-message.ts";

const { NO_SIDE_EFFECTS, IDEMPOTENT } = MethodOptions_IdempotencyLevel;
const files = await contractFiles();
const methods = files
  .filter((file) => file.proto.package !== "dawr.testing.v1")
  .flatMap((file) => file.services)
  .flatMap((service) => service.methods);

const nameOf = (method: DescMethod) => `${method.parent.typeName}/${method.name}`;
const violating = (isFine: (method: DescMethod) => boolean) => methods.filter((m) => !isFine(m)).map(nameOf);

describe("the contracts", () => {
  test("given every method, then it says who may call it, by fields that exist", () => {
    const isFine = (method: DescMethod) => {
      const rules = hasOption(method, access) ? getOption(method, access).rules : [];
      const areFine = rules.every(
        (rule) =>
          rule.who !== Who.UNSPECIFIED &&
          (rule.field === "" || leadsToText(method.input, rule.field)) &&
          (rule.who !== Who.MEMBER || (rule.permission !== "" && rule.field !== "")),
      );
      return rules.length > 0 && areFine;
    };
    expect(violating(isFine)).toEqual([]);
  });

  test("given every method, then it is marked as a read or as a write that may be repeated", () => {
    expect(violating(({ idempotency }) => idempotency === NO_SIDE_EFFECTS || idempotency === IDEMPOTENT)).toEqual([]);
  });

  test("given every write, then it has a request id; a webhook has the gateway's own", () => {
    const isFine = ({ idempotency, input }: DescMethod) =>
      idempotency === NO_SIDE_EFFECTS || input.fields.some(({ name }) => name === "request_id");
    expect(violating(isFine)).toEqual(["dawr.payment.v1.PaymentService/IngestWebhook"]);
  });

  test("given every update, then it has an update mask that names fields of its resource", () => {
    const isFine = ({ name, input }: DescMethod) => {
      if (!name.startsWith("Update")) return true;
      const mask = input.fields.find((field) => field.name === "update_mask");
      const allowed = mask === undefined ? [] : maskPaths(mask);
      const resource = input.fields.find((field) => field.fieldKind === "message")?.message;
      return allowed.length > 0 && allowed.every((path) => resource?.fields.some((field) => field.name === path));
    };
    expect(violating(isFine)).toEqual([]);
  });

  test("given a pattern, then a long text that nearly matches is told from one that does in no time", () => {
    const patterns = new Set(methods.flatMap(({ input }) => [...patternsOf(input)]));
    expect(patterns.size).toBeGreaterThan(30);
    const slow: string[] = [];
    for (const pattern of patterns) {
      const compiled = new RegExp(pattern, "u");
      const pieces = ["a", "0", "-", "/", "a-", "a/", "A0_", `providers/${"0".repeat(8)}`];
      const startMs = performance.now();
      for (const piece of pieces) compiled.test(`${piece.repeat(20_000)}\n`);
      if (performance.now() - startMs > 100) slow.push(pattern);
    }
    expect(slow).toEqual([]);
  });

  test("given values that nobody expects, when validated, then the rules themselves never fail", () => {
    const validator = createValidator();
    for (const schema of new Set(methods.map(({ input }) => input))) {
      expect(validator.validate(schema, create(schema)).kind).not.toBe("error");
      fc.assert(
        fc.property(hostileMessage(schema), (message) => validator.validate(schema, message).kind !== "error"),
        { numRuns: 50 },
      );
    }
  });
});

function maskPaths(mask: DescField): readonly string[] {
  const { type } = getOption(mask, rulesOfField);
  return type.case === "fieldMask" ? type.value.in : [];
}

function leadsToText(schema: DescMessage, path: string): boolean {
  const [first, ...rest] = path.split(".");
  const field = schema.fields.find(({ name }) => name === first);
  if (rest.length === 0) return field?.fieldKind === "scalar";
  return field?.fieldKind === "message" && leadsToText(field.message, rest.join("."));
}

function* patternsOf(message: DescMessage, seen = new Set<DescMessage>()): Generator<string> {
  if (seen.has(message)) return;
  seen.add(message);
  for (const field of message.fields) {
    const rules = hasOption(field, rulesOfField) ? getOption(field, rulesOfField) : undefined;
    for (const each of [rules, itemRulesOf(rules)])
      if (each?.type.case === "string" && each.type.value.pattern !== "") yield each.type.value.pattern;
    if (field.message !== undefined) yield* patternsOf(field.message, seen);
  }
}

function itemRulesOf(rules: FieldRules | undefined): FieldRules | undefined {
  if (rules?.type.case === "repeated") return rules.type.value.items;
  return rules?.type.case === "map" ? rules.type.value.keys : undefined;
}
