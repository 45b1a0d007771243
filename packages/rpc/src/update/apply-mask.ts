import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { clone } from "@bufbuild/protobuf";
import { protoCamelCase, reflect } from "@bufbuild/protobuf/reflect";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { invalid } from "../errors/fields-error.ts";
import { PlatformError } from "../errors/platform-error.ts";

/**
 * A copy of `current` with the fields of an update: those that the mask names, or all that are set when it names none.
 * Only fields that `allowed` lists change.
 */
export function applyMask<D extends DescMessage>(
  schema: D,
  current: MessageShape<D>,
  wanted: MessageShape<D>,
  mask: FieldMask | undefined,
  allowed: readonly string[],
): MessageShape<D> {
  const changed = clone(schema, current);
  const from = reflect(schema, wanted);
  const to = reflect(schema, changed);
  const paths = mask?.paths ?? [];
  if (!paths.every((path) => allowed.includes(path)))
    throw invalid("updateMask", { name: "in", limit: allowed.map(protoCamelCase).join(", ") });
  for (const field of from.fields) {
    if (!allowed.includes(field.name)) continue;
    const isSet = from.isSet(field);
    if (paths.length === 0 ? !isSet : !paths.includes(field.name)) continue;
    if (isSet) to.set(field, from.get(field));
    else to.clear(field);
  }
  return changed;
}

/** Refuses with ETAG_MISMATCH an update of another version than the present one. */
export function checkEtag({ name, etag }: { readonly name: string; readonly etag: string }, version: bigint): void {
  if (etag !== "" && etag !== version.toString()) throw new PlatformError("ETAG_MISMATCH", { name });
}
