import { type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";

const id = "01890000-0000-7000-8000-000000000000";
const texts = [
  "",
  "x",
  id,
  `providers/${id}`,
  `providers/${id}/services/${id}`,
  "accounts/me",
  "JOD",
  "ar",
  "Asia/Amman",
];
const oddTexts = ["\u0000", "😀".repeat(50), "a".repeat(9_000), "http://[::1", "a@b.c", "a.b.c", "*", "%s", "'; --"];
const longs = [
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  10n ** 17n,
  1_750_000_000n,
  253_402_300_800n,
  -62_135_596_801n,
];
const integers = [0, 1, -1, 5, 12, 29, 60, 2026, 999_999_999, 2_147_483_647, -2_147_483_648];
const doubles = [0, -0, 1.5, 91, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const maxDepth = 4;

/** Messages of a type as an attacker would send them: well-formed, and full of values that nobody expects. */
export function hostileMessage(schema: DescMessage): fc.Arbitrary<Message> {
  return fc.infiniteStream(fc.nat({ max: 1_000_000 })).map((stream) => {
    const next = (limit: number): number => Number(stream.next().value) % limit;
    return fill(schema, next, 0).message;
  });
}

type Next = (limit: number) => number;

function fill(schema: DescMessage, next: Next, depth: number): ReflectMessage {
  const message = reflect(schema);
  for (const field of schema.fields) {
    if (next(4) === 0 || (field.oneof !== undefined && message.oneofCase(field.oneof) !== undefined)) continue;
    fillField(message, field, next, depth);
  }
  return message;
}

function fillField(message: ReflectMessage, field: DescField, next: Next, depth: number): void {
  if (field.message !== undefined && depth >= maxDepth) return;
  if (field.fieldKind === "list") {
    const list = message.get(field);
    for (let left = next(4); left > 0; left--) list.add(one(field, next, depth));
  } else if (field.fieldKind === "map") {
    const map = message.get(field);
    const keys: readonly unknown[] = field.mapKey === ScalarType.STRING ? ["", "en", "x y", "ar"] : [0, 1];
    for (let left = next(4); left > 0; left--) map.set(pick(keys, next), one(field, next, depth));
  } else {
    message.set(field, one(field, next, depth));
  }
}

function one(field: DescField, next: Next, depth: number): unknown {
  if (field.message !== undefined) return fill(field.message, next, depth + 1);
  return field.scalar === undefined ? pick([0, 1, 2, 3, 99, -1], next) : scalar(field.scalar, next);
}

function scalar(type: ScalarType, next: Next): unknown {
  switch (type) {
    case ScalarType.STRING:
      return pick([...texts, ...oddTexts], next);
    case ScalarType.BOOL:
      return next(2) === 0;
    case ScalarType.BYTES:
      return new Uint8Array(pick([0, 1, 100], next));
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return pick(doubles, next);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return pick(longs, next);
    default:
      return pick(integers, next);
  }
}

function pick<T>(values: readonly T[], next: Next): T {
  const value = values[next(values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}
