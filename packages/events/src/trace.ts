import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Consumer } from "./consumer.ts";
import { attribute, messagingSystem } from "./conventions.ts";
import { traceparentForm } from "./envelope.ts";
import { type Event, topicOf } from "./event.ts";

const tracer = trace.getTracer("@dawr/events");

/**
 * Records the creation of an event as a span of the present trace and answers its W3C traceparent, or that of the
 * present span when nothing is recorded; undefined outside any trace.
 */
export function traceOfCreation(event: { id: string; type: string; key: string }): string | undefined {
  if (trace.getSpan(context.active()) === undefined) return undefined;
  const topic = topicOf(event.type);
  const span = tracer.startSpan(`create ${topic}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      ...messageAttributes(event, topic),
      [attribute.operationName]: "create",
      [attribute.operationType]: "create",
    },
  });
  span.end();
  return traceparentOf(span);
}

/** Runs work as the consumer's part of the trace that the event carries. */
export async function inProcessSpan<T>(consumer: Consumer, event: Event, work: () => Promise<T>): Promise<T> {
  const topic = topicOf(event.type);
  const parent = contextOf(event.traceparent);
  const span = tracer.startSpan(
    `process ${topic}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...messageAttributes(event, topic),
        [attribute.operationName]: "process",
        [attribute.operationType]: "process",
        [attribute.consumerGroup]: consumer.name,
        [attribute.eventType]: event.type,
      },
    },
    parent,
  );
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    // The message of an error may hold what a person wrote; its name is enough to find the log line.
    span.setAttribute(attribute.errorType, error instanceof Error ? error.name : typeof error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function traceparentOf(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!isSpanContextValid(span.spanContext())) return undefined;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

function contextOf(traceparent: string | undefined): Context {
  if (traceparent === undefined || !traceparentForm.test(traceparent)) return ROOT_CONTEXT;
  const [, traceId = "", spanId = "", flags = "00"] = traceparent.split("-");
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
  });
}

function messageAttributes(event: { id: string; key: string }, topic: string): Attributes {
  return {
    [attribute.system]: messagingSystem,
    [attribute.destination]: topic,
    [attribute.messageId]: event.id,
    [attribute.messageKey]: event.key,
  };
}
