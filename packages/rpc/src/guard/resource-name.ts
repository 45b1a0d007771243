import { clone, type DescField, type DescMessage, isMessage, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { Call } from "../call/call.ts";
import { PlatformError } from "../errors/platform-error.ts";

/** Where a request holds the name of its resource: the fields to go through. */
export type NamePath = readonly DescField[];

/** Finds the fields of a dotted path ("booking.name"); throws when it does not lead to a string. */
export function namePath(schema: DescMessage, path: string): NamePath {
  const fields: DescField[] = [];
  let message: DescMessage | undefined = schema;
  for (const name of path.split(".")) {
    const field: DescField | undefined = message?.fields.find((f) => f.name === name);
    if (field === undefined) throw new Error(`${schema.typeName} has no field ${path}`);
    fields.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
  }
  const last = fields.at(-1);
  if (last?.fieldKind !== "scalar") throw new Error(`${path} of ${schema.typeName} is no string`);
  return fields;
}

/** The resource name in a request; "" when the request leaves it out. */
export function readName(request: Message, path: NamePath): string {
  let value: unknown = request;
  for (const field of path) {
    if (!isMessage(value)) return "";
    value = Reflect.get(value, field.localName);
  }
  return typeof value === "string" ? value : "";
}

const me = "accounts/me";

/** Fields whose value may be "accounts/me…", looked for once per kind of request. */
export function selfPaths(schema: DescMessage, ruled: readonly NamePath[]): readonly NamePath[] {
  const usual = schema.fields.filter((f) => usualFields.has(f.name) && f.fieldKind === "scalar").map((f) => [f]);
  const isUsual = (path: NamePath) => path.length === 1 && usual.some(([field]) => field === path[0]);
  return [...usual, ...ruled.filter((path) => !isUsual(path))];
}

const usualFields: ReadonlySet<string> = new Set(["name", "parent", "account"]);

/** The request with "accounts/me" replaced by the caller's account; throws TOKEN_MISSING when nobody is signed in. */
export function resolveSelf(schema: DescMessage, paths: readonly NamePath[], request: Message, call: Call): Message {
  let resolved = request;
  for (const path of paths) {
    const name = readName(resolved, path);
    if (!name.startsWith(me) || (name.length > me.length && name[me.length] !== "/")) continue;
    if (call.actor === undefined) throw new PlatformError("TOKEN_MISSING");
    // The message may be the caller's own object (in one process): it is theirs, so a copy changes.
    if (resolved === request) resolved = clone(schema, request);
    write(schema, resolved, path, call.actor.account + name.slice(me.length));
  }
  return resolved;
}

function write(schema: DescMessage, message: Message, path: NamePath, value: string): void {
  let at = reflect(schema, message);
  for (const field of path.slice(0, -1)) {
    if (field.fieldKind !== "message") return;
    at = at.get(field);
  }
  const last = path.at(-1);
  if (last !== undefined) at.set(last, value);
}
