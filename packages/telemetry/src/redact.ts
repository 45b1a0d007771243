import { isPersonalKey, isSecretCode, redacted } from "./personal-data.ts";

const maxDepth = 8;

/** A copy of what is to be logged without what stands under personal or secret keys; errors become plain objects. */
function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (Error.isError(value)) return serializeError(value, depth);
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (depth >= maxDepth) return "[deep]";
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if (value instanceof Map) return redactRecord(Object.fromEntries(value), depth);
  if (value instanceof Set) return [...value].map((item) => redactValue(item, depth + 1));
  // Instants, dates and URLs say what they are by themselves.
  if ("toJSON" in value && typeof value.toJSON === "function") return value.toJSON();
  return redactRecord(value, depth);
}

/** The same for the members of one object. */
export function redactRecord(record: object, depth = 0): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record)) {
    const hidden = value !== undefined && value !== null && (isPersonalKey(key) || isSecretCode(key, value));
    copy[key] = hidden ? redacted : redactValue(value, depth + 1);
  }
  return copy;
}

/**
 * What is told of an error: its type, message, stack, codes and cause. A database driver's detail, query and parameters
 * stay out, for they hold people's values.
 */
function serializeError(error: Error, depth = 0): Record<string, unknown> {
  const message = plainMessage(error);
  const told: Record<string, unknown> = { type: error.name, message };
  if (error.stack !== undefined) told.stack = error.stack.replace(error.message, message);
  for (const key of ["code", "reason", "constraint", "table", "syscall", "port"] as const)
    if (key in error) told[key] = Reflect.get(error, key);
  if ("metadata" in error && isPlain(error.metadata)) told.metadata = redactRecord(error.metadata, depth + 1);
  if (Error.isError(error.cause) && depth < maxDepth) told.cause = serializeError(error.cause, depth + 1);
  if (error instanceof AggregateError && depth < maxDepth)
    told.errors = error.errors.slice(0, 5).map((each) => redactValue(each, depth + 1));
  return told;
}

// PostgreSQL's data errors (class 22) quote the value that was wrong, which may be anything that a person typed.
function plainMessage(error: Error): string {
  if (!("code" in error) || typeof error.code !== "string" || !/^22[0-9A-Z]{3}$/.test(error.code)) return error.message;
  return error.message.replace(/"[^"]*"/g, '"…"');
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value)?.constructor?.name === "Object";
}
