import { createHash } from "node:crypto";
import { clone, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/** A hash of everything that a request says, whatever the order in which a client wrote the entries of its maps. */
export function requestHash<I extends DescMessage>(schema: I, request: MessageShape<I>): Uint8Array {
  let ordered = request;
  if (hasMap(schema)) {
    ordered = clone(schema, request);
    orderMaps(reflect(schema, ordered));
  }
  return createHash("sha256").update(toBinary(schema, ordered)).digest();
}

const known = new WeakMap<DescMessage, boolean>();

/** Whether a message, or one within it, has a map. */
function hasMap(schema: DescMessage): boolean {
  let has = known.get(schema);
  if (has === undefined) {
    has = reachesMap(schema, new Set());
    known.set(schema, has);
  }
  return has;
}

function reachesMap(schema: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  return schema.fields.some(
    (field) => field.fieldKind === "map" || (field.message !== undefined && reachesMap(field.message, seen)),
  );
}

function orderMaps(message: ReflectMessage): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === "message") orderMaps(message.get(field));
    else if (field.fieldKind === "list" && field.listKind === "message") {
      for (const item of message.get(field)) if (isReflectMessage(item)) orderMaps(item);
    } else if (field.fieldKind === "map") {
      const map = message.get(field);
      const entries = [...map].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
      map.clear();
      for (const [key, value] of entries) {
        if (isReflectMessage(value)) orderMaps(value);
        map.set(key, value);
      }
    }
  }
}
