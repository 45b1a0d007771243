import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  INVALID_TRACEID,
  metrics,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from "@opentelemetry/api";
import type { Call } from "../call/call.ts";
import type { HeaderSource } from "../call/headers.ts";

/** Names of the OpenTelemetry semantic conventions for RPC. */
export const semantics = {
  system: "rpc.system.name",
  method: "rpc.method",
  status: "rpc.response.status_code",
  errorType: "error.type",
  serverDuration: "rpc.server.call.duration",
  clientDuration: "rpc.client.call.duration",
} as const;

/** What is being recorded of one call. */
export type Observation = {
  /** The context that the handler runs in; undefined when no trace goes on. */
  readonly context: Context | undefined;
  end(error?: ConnectError): void;
};

export type Observer = (call: Call) => Observation;

/** Makes the observer of one method on the server's side: a span and a duration for each call. */
export function serverObserver(method: DescMethod): Observer {
  const name = `${method.parent.typeName}/${method.name}`;
  const tracer = trace.getTracer("@dawr/rpc");
  const duration = durationHistogram(semantics.serverDuration, "Duration of inbound RPCs.");
  const attributesOf = attributesByProtocol(name);
  return (call) => {
    const attributes = attributesOf(call.protocolName);
    const active = context.active();
    // In one process the caller's span is at hand already; over a wire it comes by header.
    const parent = trace.getSpan(active) === undefined ? propagation.extract(active, call.headers, getter) : active;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    return observation(span, parent, duration, attributes);
  };
}

/** Ends a span and records the duration when the call is over. */
export function observation(span: Span, parent: Context, duration: Histogram, attributes: Attributes): Observation {
  const startTime = performance.now();
  const isTraced = span.spanContext().traceId !== INVALID_TRACEID;
  return {
    context: isTraced ? trace.setSpan(parent, span) : undefined,
    end(error) {
      const seconds = (performance.now() - startTime) / 1000;
      if (error === undefined) {
        duration.record(seconds, attributes);
      } else {
        const status = statusName(error.code);
        duration.record(seconds, { ...attributes, [semantics.status]: status, [semantics.errorType]: status });
        if (span.isRecording()) {
          span.setAttributes({ [semantics.status]: status, [semantics.errorType]: status });
          // What the caller did wrong is no failure of the server.
          if (serverFaults.has(error.code)) span.setStatus({ code: SpanStatusCode.ERROR });
        }
      }
      span.end();
    },
  };
}

/** A histogram of seconds, by the bounds that the semantic conventions advise. */
export function durationHistogram(name: string, description: string): Histogram {
  return metrics.getMeter("@dawr/rpc").createHistogram(name, {
    description,
    unit: "s",
    advice: {
      explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    },
  });
}

/** A method's attributes, made once per protocol. */
export function attributesByProtocol(name: string): (protocol: string) => Attributes {
  const known = new Map<string, Attributes>();
  return (protocol) => {
    let attributes = known.get(protocol);
    if (attributes === undefined) {
      attributes = { [semantics.system]: protocol === "connect" ? "connectrpc" : protocol, [semantics.method]: name };
      known.set(protocol, attributes);
    }
    return attributes;
  };
}

/** A code's name as the conventions write it ("NOT_FOUND"). */
export function statusName(code: Code): string {
  return (Code[code] ?? "Unknown")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_")
    .toUpperCase()
    .replace("CANCELED", "CANCELLED");
}

const serverFaults: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

const getter: TextMapGetter<HeaderSource> = {
  get: (headers, key) => headers.get(key),
  keys: (headers) => [...headers.all().keys()],
};
