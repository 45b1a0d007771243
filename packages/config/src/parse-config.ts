import { z } from "zod";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { descriptionOf, fieldMeta } from "./field.ts";

/** The environment: what main.ts takes from the process, or what a test writes down. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A schema for each environment variable, each with .describe(). */
export type ConfigShape = Readonly<Record<string, z.ZodType>>;

/** What parseConfig answers for a shape. */
export type ConfigValues<S extends ConfigShape> = { readonly [K in keyof S]: z.infer<S[K]> };

/** Reads the variables of a shape. Throws ConfigError with every problem together; an empty variable is as none. */
export function parseConfig<S extends ConfigShape>(shape: S, env: Env): ConfigValues<S> {
  const names = Object.keys(shape);
  const given = Object.fromEntries(names.map((name) => [name, env[name] === "" ? undefined : env[name]]));
  const result = z.object(shape).safeParse(given);
  // zod's own type for the shape is the same, member by member; TypeScript cannot see it for an open shape.
  if (result.success) return result.data as ConfigValues<S>;
  const wrong = new Set(result.error.issues.map((issue) => String(issue.path[0] ?? "")));
  throw new ConfigError(names.filter((name) => wrong.has(name)).map((name) => problemOf(name, shape, env)));
}

function problemOf(name: string, shape: ConfigShape, env: Env): ConfigProblem {
  const schema = shape[name];
  const meta = schema === undefined ? {} : fieldMeta(schema);
  const value = env[name];
  const about = schema === undefined ? undefined : descriptionOf(schema);
  const expected = `${meta.expected ?? "another value"}${about === undefined ? "" : ` (${about})`}`;
  if (value === undefined || value === "") return { name, expected, got: "nothing" };
  return { name, expected, got: meta.secret ? "a value that is kept secret" : JSON.stringify(shorten(value)) };
}

function shorten(value: string): string {
  return value.length > 80 ? `${value.slice(0, 77)}...` : value;
}
