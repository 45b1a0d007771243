import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import { ConnectError } from "@connectrpc/connect";
import { type FieldProblem, FieldsError } from "./fields-error.ts";

/**
 * The refusal of a message of the type `input` that could not be read. What the decoder's text says of the place is told,
 * and never what stood there; how it says that is pinned by tests of every protocol.
 */
export function malformed(cause: unknown, input: DescMessage): FieldsError {
  const text = cause instanceof ConnectError ? cause.rawMessage : cause instanceof Error ? cause.message : "";
  const [, kind, name = "", said = ""] = /^cannot decode (field|message|enum) (\S+) from JSON: (.*)$/s.exec(text) ?? [];
  const problem = kind === undefined ? [] : [kind === "field" ? ofField(name, said) : ofType(name, said, input)];
  return new FieldsError("MALFORMED_MESSAGE", problem, { cause });
}

/** `name` is the field's full name in the contract. */
function ofField(name: string, said: string): FieldProblem {
  const field = protoCamelCase(name.slice(name.lastIndexOf(".") + 1));
  if (said.startsWith("set multiple times")) return { field, rules: [{ name: "repeated" }] };
  const [, expected = ""] = /^(?:list item #\d+: )?expected (\w+(?: \(\w+\))?)/.exec(said) ?? [];
  const type = types[expected];
  return { field, rules: [type === undefined ? { name: "unreadable" } : { name: "type", limit: type }] };
}

/** The decoder knows no field here, only what the value should have been; where one field alone has that type, it is that. */
function ofType(type: string, said: string, input: DescMessage): FieldProblem {
  const [, key, how] = /^(?:duplicate object )?key "(.*)"( is unknown)?$/s.exec(said) ?? [];
  if (key !== undefined) return { field: told(key), rules: [{ name: how === undefined ? "repeated" : "unknown" }] };
  if (said.startsWith("maximum recursion depth")) return { field: "", rules: [{ name: "depth" }] };
  // A value in the text begins with a quote or is a number; what JavaScript's own parser says begins with a word.
  if (/^[A-Z][a-z].*JSON/s.test(said)) return { field: "", rules: [{ name: "json" }] };
  // The whole request may be what is wrong, also where it can hold others like itself.
  const fields = (type === input.typeName ? [] : fieldsOf(input)).filter(
    (field) => (field.message ?? field.enum)?.typeName === type,
  );
  const values = fields[0]?.enum?.values.map((value) => value.name).join(", ");
  return {
    field: fields.length === 1 ? (fields[0]?.jsonName ?? "") : "",
    rules: [values === undefined ? { name: "type", limit: type } : { name: "in", limit: values }],
  };
}

/** The fields of a message and of the messages in it. */
function fieldsOf(message: DescMessage, seen = new Set<DescMessage>()): readonly DescField[] {
  if (seen.has(message)) return [];
  seen.add(message);
  return message.fields.flatMap((field) => [field, ...(field.message ? fieldsOf(field.message, seen) : [])]);
}

/** A key is the caller's own text: of any length, and perhaps with halves of characters, which no header takes. */
function told(key: string): string {
  return key.slice(0, 100).toWellFormed();
}

/** The decoder's words for types, as contracts call them. */
const types: Readonly<Record<string, string | undefined>> = {
  string: "string",
  boolean: "bool",
  Uint8Array: "bytes",
  Array: "repeated",
  object: "map",
  "bigint (int64)": "int64",
  "bigint (uint64)": "uint64",
  "number (int32)": "int32",
  "number (uint32)": "uint32",
  "number (float64)": "double",
  "number (float32)": "float",
};
