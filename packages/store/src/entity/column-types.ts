import { Type } from "@mikro-orm/core";
import type { KeyRing } from "../keys/key-ring.ts";

/** How a column's values are told apart and turned into each other; null stays null. */
type Codec<Value, Stored> = {
  readonly column: string;
  readonly toStored: (value: Value) => Stored;
  readonly toValue: (stored: unknown) => Value;
  readonly isSame?: (a: Stored, b: Stored) => boolean;
};

// MikroORM copies types property by property, so that there may be no private one.
class CodecType<Value, Stored> extends Type<Value, Stored> {
  readonly codec: Codec<Value, Stored>;

  constructor(codec: Codec<Value, Stored>) {
    super();
    this.codec = codec;
  }
  // MikroORM hands nulls over too, which its types do not say.
  override convertToDatabaseValue(value: Value): Stored {
    return isThere(value) ? this.codec.toStored(value) : (value as never);
  }
  override convertToJSValue(stored: Stored): Value {
    return isThere(stored) ? this.codec.toValue(stored) : (stored as never);
  }
  override compareValues(a: Stored, b: Stored): boolean {
    return a === b || (isThere(a) && isThere(b) && this.codec.isSame?.(a, b) === true);
  }
  override compareAsType(): string {
    // With "any" MikroORM would take a timestamptz for a Date, which knows no microseconds.
    return this.codec.column === "bytea" ? "Buffer" : "string";
  }
  override getColumnType(): string {
    return this.codec.column;
  }
}

/** timestamptz as Temporal.Instant, for `p.type(instantType)`. */
export const instantType: Type<Temporal.Instant, string> = new CodecType({
  column: "timestamptz",
  toStored: String,
  toValue: (stored) => Temporal.Instant.from(String(stored)),
});

/** date as Temporal.PlainDate. */
export const plainDateType: Type<Temporal.PlainDate, string> = new CodecType({
  column: "date",
  toStored: String,
  toValue: (stored) => Temporal.PlainDate.from(String(stored)),
});

/** bigint (money in minor units, versions) as bigint. */
export const bigintType: Type<bigint, string> = new CodecType({
  column: "bigint",
  toStored: String,
  toValue: (stored) => BigInt(String(stored)),
});

/**
 * Text that is kept encrypted in a bytea column; the context ("identity.account.email") is bound into each value, so
 * that one column's bytes do not pass in another.
 */
export function encryptedText(keys: Pick<KeyRing, "encrypt" | "decrypt">, context: string): Type<string, Uint8Array> {
  const decrypt = (bytes: Uint8Array): string => Buffer.from(keys.decrypt(bytes, context)).toString();
  return new CodecType({
    column: "bytea",
    // A Buffer, whose toString("hex") MikroORM calls.
    toStored: (text) => Buffer.from(keys.encrypt(text, context)),
    toValue: (stored) => {
      if (!(stored instanceof Uint8Array)) throw new TypeError(`an encrypted column holds a ${typeof stored}`);
      return decrypt(stored);
    },
    // Each encryption differs: what was read and what is written are the same if their texts are.
    isSame: (a, b) => decrypt(a) === decrypt(b),
  });
}

function isThere<T>(value: T): value is NonNullable<T> {
  return value !== null && value !== undefined;
}
