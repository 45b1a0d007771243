import { z } from "zod";

/** Settings of a field that zod has no place for; kept beside the schema, found again through wrappers. */
type FieldMeta = { readonly secret?: true; readonly expected?: string };

const registry = z.registry<FieldMeta>();

/** A text that is not empty. */
export const textField = (): z.ZodString => z.string().trim().min(1).register(registry, { expected: "a text" });

/** A text that is never shown: passwords, tokens, URLs with a password in them. */
export const secretField = (): z.ZodString =>
  z.string().min(1).register(registry, { secret: true, expected: "a secret" });

/** A port of this machine; 0 takes any free one. */
export const portField = () => integerField(0, 65_535).register(registry, { expected: "a port number, 0 to 65535" });

/** A whole number between two bounds, both included. */
export const integerField = (min: number, max: number) =>
  z
    .string()
    .trim()
    .regex(/^-?\d+$/)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))
    .register(registry, { expected: `a whole number from ${min} to ${max}` });

/** A number between two bounds, both included. */
export const numberField = (min: number, max: number) =>
  z
    .string()
    .trim()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .register(registry, { expected: `a number from ${min} to ${max}` });

/** A whole number of any size, such as an amount in minor units. */
export const bigintField = () =>
  z
    .string()
    .trim()
    .regex(/^-?\d+$/)
    .transform(BigInt)
    .register(registry, { expected: "a whole number" });

/** An absolute URL with one of the given schemes. */
export const urlField = (...schemes: readonly [string, ...string[]]) =>
  z
    .string()
    .trim()
    .refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)))
    .register(registry, { expected: `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}` });

/** A PostgreSQL connection URL; secret, for it carries a password. */
export const databaseUrlField = () =>
  z
    .string()
    .trim()
    .refine((text) => URL.canParse(text) && ["postgres:", "postgresql:"].includes(new URL(text).protocol))
    .register(registry, { secret: true, expected: "a URL that starts with postgres://" });

/** A length of time that is not negative: an ISO 8601 duration (PT15M), or short (250ms, 15m, 4h, 30d). */
export const durationField = () =>
  z
    .string()
    .trim()
    .transform((text, context) => {
      const duration = parseDuration(text);
      if (duration !== undefined) return duration;
      context.addIssue({ code: "custom", message: "not a duration" });
      return z.NEVER;
    })
    .register(registry, { expected: "a duration such as PT15M, 250ms, 30s, 15m, 4h or 30d" });

/** The same, but may point to the past: -30s, -PT1H. */
export const offsetField = () =>
  z
    .string()
    .trim()
    .transform((text, context) => {
      const duration = parseDuration(text.replace(/^-/, ""));
      if (duration !== undefined) return text.startsWith("-") ? duration.negated() : duration;
      context.addIssue({ code: "custom", message: "not an offset" });
      return z.NEVER;
    })
    .register(registry, { expected: "a duration such as 90s or -PT1H" });

/** On or off. */
export const flagField = () =>
  z
    .string()
    .trim()
    .toLowerCase()
    .pipe(z.enum(["1", "0", "true", "false", "yes", "no", "on", "off"]))
    .transform((text) => ["1", "true", "yes", "on"].includes(text))
    .register(registry, { expected: "true or false" });

/** Texts with commas between them; may be empty. */
export const listField = () =>
  z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== ""),
    )
    .register(registry, { expected: "a list with commas" });

/** One of the given words. */
export const choiceField = <const T extends readonly [string, ...string[]]>(...choices: T) =>
  z.enum(choices).register(registry, { expected: `one of ${choices.join(", ")}` });

/** Marks any schema as secret: its value is never shown. */
export function secret<T extends z.ZodType>(schema: T): T {
  registry.add(schema, { ...registry.get(schema), secret: true });
  return schema;
}

/** What is known of a field, whatever optional() and default() were wrapped around it. */
export function fieldMeta(schema: z.core.$ZodType): FieldMeta {
  const inner = wrapped(schema);
  return { ...(inner === undefined ? {} : fieldMeta(inner)), ...registry.get(schema) };
}

/** The text of .describe(), also when it was said before optional() or default(). */
export function descriptionOf(schema: z.core.$ZodType): string | undefined {
  const own = z.globalRegistry.get(schema)?.description;
  const inner = wrapped(schema);
  return own ?? (inner === undefined ? undefined : descriptionOf(inner));
}

/** The schema within optional(), default() and their like; undefined when there is none. */
export function wrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodReadonly)
    return schema.unwrap();
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.unwrap();
  return undefined;
}

const units = { ms: "milliseconds", s: "seconds", m: "minutes", h: "hours", d: "days" } as const;

/** ISO 8601 without years and months, whose length nobody knows. */
const isoDuration = /^P(?=.)(\d{1,9}W)?(\d{1,9}D)?(T(?=\d)(\d{1,9}H)?(\d{1,9}M)?(\d{1,9}(\.\d{1,9})?S)?)?$/;

function parseDuration(text: string): Temporal.Duration | undefined {
  const short = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  if (short !== null) {
    const unit = Object.entries(units).find(([name]) => name === short[2])?.[1];
    // Days are 24 hours here: a setting has no calendar.
    if (unit === "days") return Temporal.Duration.from({ hours: Number(short[1]) * 24 });
    return unit === undefined ? undefined : Temporal.Duration.from({ [unit]: Number(short[1]) });
  }
  if (!isoDuration.test(text)) return undefined;
  const duration = Temporal.Duration.from(text);
  const hours = duration.hours + 24 * (duration.days + 7 * duration.weeks);
  return duration.with({ weeks: 0, days: 0, hours });
}
