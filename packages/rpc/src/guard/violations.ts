import { type DescField, type DescMessage, getOption, toJson } from "@bufbuild/protobuf";
import { isReflectList, isReflectMessage, type Path, protoCamelCase, reflect } from "@bufbuild/protobuf/reflect";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import type { Violation } from "@bufbuild/protovalidate";
import {
  FieldRulesSchema,
  field as rulesOfField,
  message as rulesOfMessage,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { FieldProblem, FieldRule } from "../errors/fields-error.ts";

/** What a violation says about the fields that it concerns: a rule over several names each of them. */
export function problemsOf(schema: DescMessage, violation: Violation): readonly FieldProblem[] {
  const { field, rule, ruleId, message } = violation;
  const last = field.at(-1);
  if (last?.kind === "oneof") {
    const parent = jsonPath(field.slice(0, -1));
    const members = last.fields.map(({ jsonName }) => join(parent, jsonName));
    return members.map((member) => ({ field: member, rules: [{ name: "one_of", limit: members.join(", ") }] }));
  }
  const isOwnRule = ruleId !== "required" && (rule[0] === undefined || stepName(rule[0]) === "cel");
  const rules: readonly FieldRule[] = isOwnRule ? [{ name: ruleId, text: message }] : standardRules(violation);
  const fields = field.length === 0 ? fieldsOfOwnRule(schema, ruleId) : [jsonPath(field)];
  return fields.map((name) => ({ field: name, rules }));
}

/** A path as JSON names it: "items[0].staffMember". */
function jsonPath(path: Path): string {
  return path.reduce((text, step) => {
    if (step.kind === "list_sub") return `${text}[${step.index}]`;
    // Keys of maps are the caller's own, and may be of any length.
    if (step.kind === "map_sub") return `${text}[${JSON.stringify(String(step.key).slice(0, 50))}]`;
    return join(text, step.kind === "field" ? step.jsonName : step.name);
  }, "");
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** The fields that a rule over a whole request speaks of. */
function fieldsOfOwnRule(schema: DescMessage, ruleId: string): readonly string[] {
  const expression = getOption(schema, rulesOfMessage).cel.find(({ id }) => id === ruleId)?.expression ?? "";
  const named = new Set([...expression.matchAll(/\bthis\.(\w+)/g)].map(([, name]) => name));
  return schema.fields.filter(({ name }) => named.has(name)).map(({ jsonName }) => jsonName);
}

// The library tells a range as one rule: "int32.gte_lt".
const range = /\.(gte?)_(lte?)(_exclusive)?$/;

/** The rules of buf.validate that are broken, with the values that the contract gives them. */
function standardRules({ field, rule, ruleId }: Violation): readonly FieldRule[] {
  const owner = field.findLast((step) => step.kind === "field");
  if (owner === undefined) return [{ name: ruleId }];
  const [, lower, upper] = range.exec(ruleId) ?? [];
  const names = lower !== undefined && upper !== undefined ? [lower, upper] : [stepName(rule.at(-1)) ?? ruleId];
  const rules = rule
    .slice(0, -1)
    .reduce<unknown>(
      (at, step) => valueAt(at, stepName(step)),
      reflect(FieldRulesSchema, getOption(owner, rulesOfField)),
    );
  return names.map((name) => ({ name, limit: limitText(valueAt(rules, name), name, owner) }));
}

function stepName(step: Path[number] | undefined): string | undefined {
  return step !== undefined && "name" in step ? step.name : undefined;
}

function valueAt(rules: unknown, name: string | undefined): unknown {
  const field = isReflectMessage(rules) ? rules.fields.find((each) => each.name === name) : undefined;
  return isReflectMessage(rules) && field !== undefined ? rules.get(field) : undefined;
}

function limitText(value: unknown, name: string, field: DescField): string {
  if (name === "defined_only") return field.enum?.values.map((each) => each.name).join(", ") ?? "";
  // A rule that is only switched on.
  if (value === true && name !== "const") return "";
  if (isReflectList(value)) return [...value].map((each) => limitText(each, "", field)).join(", ");
  if (isReflectMessage(value)) return String(toJson(value.desc, value.message));
  if (typeof value === "number" && field.enum !== undefined) return field.enum.value[value]?.name ?? String(value);
  // What an update mask may name, JSON writes as it writes fields.
  if (typeof value === "string" && field.message?.typeName === FieldMaskSchema.typeName) return protoCamelCase(value);
  return value === undefined ? "" : String(value);
}
