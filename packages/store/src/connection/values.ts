import pg from "pg";

/** How text that PostgreSQL sends becomes a value, by the type's oid; the pool's connections all use it. */
export const typeParsers = { getTypeParser: parserOf };

/** The same for MikroORM, whose column types take dates and large numbers as PostgreSQL writes them. */
export const plainTypeParsers = {
  getTypeParser: (oid: number, format?: "text" | "binary"): Parser => plainParsers.get(oid) ?? parserOf(oid, format),
};

/** The parameters of a statement as the driver takes them: Temporal values become their text, also inside arrays. */
export function toParameters(values: readonly unknown[]): unknown[] {
  return values.map(toParameter);
}

type Parser = (text: string) => unknown;

// The driver splits arrays of any type as text, when they are said to be of text.
const textArray: number = 1009;
const parseTextArray: Parser = pg.types.getTypeParser(textArray);

/** The oids of arrays among the parsers. */
const arrays = new Set<number>();

const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  ...withArray(20, 1016, BigInt), // int8
  ...withArray(5069, 271, BigInt), // xid8
  ...withArray(1184, 1185, toInstant), // timestamptz
  ...withArray(1114, 1115, toPlainDateTime), // timestamp
  ...withArray(1082, 1182, toPlainDate), // date
  ...withArray(1186, 1187, String), // interval, in ISO 8601
  ...withArray(2950, 2951, String), // uuid
  ...withArray(19, 1003, String), // name
]);

const plainParsers: ReadonlyMap<number, Parser> = new Map(
  [...parsers].map(([oid]) => [oid, arrays.has(oid) ? parseTextArray : String]),
);

function withArray(oid: number, arrayOid: number, parse: Parser): [number, Parser][] {
  arrays.add(arrayOid);
  return [
    [oid, parse],
    [arrayOid, (text) => mapElements(parseTextArray(text), parse)],
  ];
}

function mapElements(value: unknown, parse: Parser): unknown {
  if (Array.isArray(value)) return value.map((element) => mapElements(element, parse));
  return typeof value === "string" ? parse(value) : value;
}

// The driver asks in the binary format for nothing that we run, so only text is told apart.
function parserOf(oid: number, format?: "text" | "binary"): Parser {
  return (
    parsers.get(oid) ?? (format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid))
  );
}

function toInstant(text: string): Temporal.Instant {
  return Temporal.Instant.from(withinCalendar(text));
}

function toPlainDateTime(text: string): Temporal.PlainDateTime {
  return Temporal.PlainDateTime.from(withinCalendar(text));
}

function toPlainDate(text: string): Temporal.PlainDate {
  return Temporal.PlainDate.from(withinCalendar(text));
}

/** Refuses what has no place in Temporal; years of more than four digits need a sign in ISO 8601. */
function withinCalendar(text: string): string {
  if (text.endsWith("infinity")) throw new RangeError(`${text} is no point in time`);
  if (text.endsWith(" BC")) throw new RangeError(`${text} is before the common era`);
  const yearDigits = text.indexOf("-");
  return yearDigits > 4 ? `+${text.slice(0, yearDigits).padStart(6, "0")}${text.slice(yearDigits)}` : text;
}

function toParameter(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toParameter);
  if (value instanceof Temporal.ZonedDateTime) return value.toInstant().toString();
  if (textTypes.some((type) => value instanceof type)) return String(value);
  return ArrayBuffer.isView(value) || value instanceof Date ? value : JSON.stringify(value);
}

const textTypes = [
  Temporal.Instant,
  Temporal.PlainDate,
  Temporal.PlainDateTime,
  Temporal.PlainTime,
  Temporal.Duration,
] as const;
