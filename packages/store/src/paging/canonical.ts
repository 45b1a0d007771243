/**
 * One text for equal values, whatever the order of their fields: JSON with sorted keys, in which bigint, Temporal values
 * and bytes say what they are.
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case "bigint":
      return `{"$int":"${value}"}`;
    case "undefined":
    case "function":
    case "symbol":
      return "null";
    case "object":
      return canonicalObject(value);
    default:
      return JSON.stringify(value);
  }
}

/** What canonical() wrote. */
export function fromCanonical(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    const [entry, ...others] = Object.entries(value);
    if (entry === undefined || others.length > 0) return value;
    return revive(entry[0], entry[1]) ?? value;
  });
}

function canonicalObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value instanceof Uint8Array) return tagged("$bytes", Buffer.from(value).toString("base64"));
  if (value instanceof Temporal.Instant) return tagged("$instant", value.toString());
  if (value instanceof Temporal.PlainDate) return tagged("$date", value.toString());
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
}

function tagged(tag: string, text: string): string {
  return `{${JSON.stringify(tag)}:${JSON.stringify(text)}}`;
}

function revive(tag: string, text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  switch (tag) {
    case "$int":
      return BigInt(text);
    case "$bytes":
      return new Uint8Array(Buffer.from(text, "base64"));
    case "$instant":
      return Temporal.Instant.from(text);
    case "$date":
      return Temporal.PlainDate.from(text);
    default:
      return undefined;
  }
}
