import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import { ConnectError } from "@connectrpc/connect";
import { type FieldProblem, FieldsError } from "./fields-error.ts";

/**
 * The refusal of a message that could not be read. What the decoder's text says of the place is told, and never what
 * stood there; how it says that is pinned by tests of every protocol.
 */
export function malformed(cause: unknown): FieldsError {
  const text = cause instanceof ConnectError ? cause.rawMessage : cause instanceof Error ? cause.message : "";
  const [, kind, name = "", said = ""] = /^cannot decode (field|message|enum) (\S+) from JSON: (.*)$/s.exec(text) ?? [];
  const problem = kind === undefined ? [] : [kind === "field" ? ofField(name, said) : ofType(name, said)];
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

/** The decoder knows no field here, only what the value should have been: for what is no JSON, the whole request. */
function ofType(type: string, said: string): FieldProblem {
  const [, key, how] = /^(?:duplicate object )?key "(.*)"( is unknown)?$/s.exec(said) ?? [];
  if (key !== undefined)
    return { field: key.slice(0, longestKey), rules: [{ name: how === undefined ? "repeated" : "unknown" }] };
  if (said.startsWith("maximum recursion depth")) return { field: "", rules: [{ name: "depth" }] };
  // A value in the text begins with a quote or is a number; what JavaScript's own parser says begins with a word.
  if (/^[A-Z][a-z].*JSON/s.test(said)) return { field: "", rules: [{ name: "json" }] };
  return { field: "", rules: [{ name: "type", limit: type }] };
}

/** A key is the caller's own text, of any length. */
const longestKey = 100;

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
