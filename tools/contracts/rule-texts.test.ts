import { create, type DescField, type DescMessage, getOption } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import {
  type FieldRules,
  FieldRulesSchema,
  field as rulesOfField,
  message as rulesOfMessage,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { FindSlotsRequestSchema } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { LogInRequestSchema } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { TimeRangeSchema } from "@dawr/gen/dawr/type/v1/time_range_pb.js";
import { describe, expect, test } from "@jest/globals";
import { rulesText } from "../../packages/rpc/src/errors/rule-texts.ts";
import { problemsOf } from "../../packages/rpc/src/guard/violations.ts";
import { contractFiles } from "./contract-files.ts";

const messages = (await contractFiles()).flatMap((file) => file.messages).flatMap(withNested);
const fields = messages.flatMap((message) => message.fields);

describe("the rules of the contracts", () => {
  test("given every rule of buf.validate that is used, then both languages have words for it", () => {
    const names = new Set(fields.flatMap((field) => [...standardNames(getOption(field, rulesOfField))]));
    expect(names.size).toBeGreaterThan(15);
    const wordless = [...names].filter(
      (name) =>
        rulesText([{ name, limit: "1" }], "en").startsWith("the rule ") ||
        rulesText([{ name, limit: "1" }], "ar").startsWith("القاعدة "),
    );
    expect(wordless).toEqual([]);
  });

  test("given every rule in words of its own, then those are there in Arabic", () => {
    const own = [
      ...fields.flatMap((field) => ownRules(getOption(field, rulesOfField))),
      ...messages.flatMap((message) => getOption(message, rulesOfMessage).cel),
    ];
    expect(own.length).toBeGreaterThan(30);
    const untold = own.filter(({ id, message }) =>
      rulesText([{ name: id, text: message }], "ar").startsWith("القاعدة "),
    );
    expect(untold.map(({ message }) => message)).toEqual([]);
  });
});

describe("a violation", () => {
  const uuid = "01890000-0000-7000-8000-000000000000";
  const provider = `providers/${uuid}`;
  const items = [{ service: `${provider}/services/${uuid}` }];

  test("given a window that ends before it starts, when told, then both ends are named", () => {
    const request = { provider, items, startTime: { seconds: 60n }, endTime: { seconds: 60n } };
    const rules = [{ name: "window", text: "the window must be longer than nothing and at most 62 days" }];
    expect(problems(FindSlotsRequestSchema, create(FindSlotsRequestSchema, request))).toEqual([
      { field: "startTime", rules },
      { field: "endTime", rules },
    ]);
  });

  test("given limits, patterns and lists further down, when told, then with path and value", () => {
    const request = create(FindSlotsRequestSchema, {
      provider,
      items: [{ service: "x", staffChoice: { case: "anyStaff", value: false }, addOns: ["y"] }],
      startTime: { seconds: -1n },
      partySize: 201,
    });
    const told = problems(FindSlotsRequestSchema, request).map(({ field, rules }) => [
      field,
      ...rules.map(({ name, limit = "" }) => `${name} ${limit.slice(0, 20)}`.trim()),
    ]);
    expect(told).toEqual([
      ["items[0].service", "pattern ^providers/[0-9a-f]{"],
      ["items[0].anyStaff", "const true"],
      ["items[0].addOns[0]", "pattern ^providers/[0-9a-f]{"],
      ["startTime", "gte 1970-01-01T00:00:00Z", "lt 2100-01-01T00:00:00Z"],
      ["endTime", "required"],
      ["partySize", "gte 0", "lte 200"],
    ]);
  });

  test("given none of a oneof's fields, when told, then those are named, for JSON does not know the oneof", () => {
    const request = create(LogInRequestSchema, { email: "a@example.com", requestId: uuid });
    const limit = LogInRequestSchema.oneofs[0]?.fields.map(({ jsonName }) => jsonName).join(", ");
    expect(problems(LogInRequestSchema, request)).toEqual(
      limit?.split(", ").map((field) => ({ field, rules: [{ name: "one_of", limit }] })),
    );
  });

  test("given a range inside a request, when told by itself, then its fields are named", () => {
    const range = create(TimeRangeSchema, { startTime: { seconds: 60n }, endTime: { seconds: 60n } });
    expect(problems(TimeRangeSchema, range).map(({ field }) => field)).toEqual(["startTime", "endTime"]);
  });
});

const validator = createValidator();

function problems<D extends DescMessage>(schema: D, message: Parameters<typeof validator.validate<D>>[1]) {
  const result = validator.validate(schema, message);
  if (result.kind !== "invalid") throw new Error(`${schema.typeName} is ${result.kind}`);
  return result.violations.flatMap((violation) => problemsOf(schema, violation));
}

function withNested(message: DescMessage): readonly DescMessage[] {
  return [message, ...message.nestedMessages.flatMap(withNested)];
}

const noRules = new Set(["ignore", "cel", "type"]);

/** The names of the rules that are set, those for items, keys and values of lists and maps among them. */
function* standardNames(rules: FieldRules): Generator<string> {
  if (rules.required) yield "required";
  const { type } = rules;
  if (type.value === undefined || type.case === undefined) return;
  const kind = reflect(FieldRulesSchema, rules).fields.find(({ localName }) => localName === type.case);
  if (kind?.message === undefined) return;
  for (const field of kind.message.fields) {
    if (!isSet(field, kind, rules)) continue;
    if (field.message?.typeName !== FieldRulesSchema.typeName) yield field.name;
  }
  const inner =
    type.case === "repeated" ? [type.value.items] : type.case === "map" ? [type.value.keys, type.value.values] : [];
  for (const each of inner) if (each !== undefined) yield* standardNames(each);
}

function isSet(field: DescField, kind: DescField, rules: FieldRules): boolean {
  if (noRules.has(field.name) || kind.fieldKind !== "message") return false;
  return reflect(FieldRulesSchema, rules).get(kind).isSet(field);
}

function ownRules(rules: FieldRules): FieldRules["cel"] {
  const { type } = rules;
  const inner =
    type.case === "repeated" ? [type.value.items] : type.case === "map" ? [type.value.keys, type.value.values] : [];
  return [...rules.cel, ...inner.flatMap((each) => (each === undefined ? [] : ownRules(each)))];
}
