import type { Attributes, AttributeValue } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import { isPersonalKey, redacted, redactText } from "./personal-data.ts";

/** An exporter that is given each span without personal data, whatever put it into names, attributes or events. */
export function redactingExporter(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.map(redactSpan), done),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

function redactSpan(span: ReadableSpan): ReadableSpan {
  const value = (instead: unknown) => ({ value: instead, enumerable: true });
  // The span's own methods and getters stay; only what could hold personal data is looked at first.
  return Object.create(span, {
    name: value(redactText(span.name)),
    attributes: value(redactAttributes(span.attributes)),
    status: value(
      span.status.message === undefined ? span.status : { ...span.status, message: redactText(span.status.message) },
    ),
    events: value(
      span.events.map((event) => ({
        ...event,
        name: redactText(event.name),
        ...(event.attributes === undefined ? {} : { attributes: redactAttributes(event.attributes) }),
      })),
    ),
  });
}

function redactAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, isPersonalKey(key) ? redacted : redactAttribute(value)]),
  );
}

function redactAttribute(value: AttributeValue | undefined): AttributeValue | undefined {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value) && value.some((item) => typeof item === "string"))
    return value.map((item) => (typeof item === "string" ? redactText(item) : String(item)));
  return value;
}
