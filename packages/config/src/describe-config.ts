import { z } from "zod";
import { descriptionOf, fieldMeta, wrapped } from "./field.ts";
import type { ConfigShape } from "./parse-config.ts";

/** One line for each variable, for --help: its name, what it is for, what is expected, and its default. */
export function describeConfig(shape: ConfigShape): readonly string[] {
  const width = Math.max(0, ...Object.keys(shape).map((name) => name.length));
  return Object.entries(shape).map(([name, schema]) => {
    const parts = [descriptionOf(schema), fieldMeta(schema).expected, needOf(schema)];
    return `${name.padEnd(width)}  ${parts.filter((part) => part !== undefined).join("; ")}`;
  });
}

function needOf(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return fieldMeta(schema).secret ? "has a default" : `default ${show(schema.def.defaultValue)}`;
  if (schema instanceof z.ZodOptional) return "optional";
  const inner = wrapped(schema);
  return inner === undefined ? "required" : needOf(inner);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(show).join(",");
  return String(value);
}
