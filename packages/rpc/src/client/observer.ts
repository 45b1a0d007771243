import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { type Context, context, propagation, SpanKind, type TextMapSetter, trace } from "@opentelemetry/api";
import { attributesByProtocol, durationHistogram, observation, semantics } from "../guard/telemetry.ts";

/** What carries headers out: grpc-js's metadata, say. */
type HeaderCarrier = { set(name: string, value: string): void };

/** What is being recorded of one call that goes out. */
export type ClientObservation = {
  /** Writes the trace into the headers. */
  inject(carrier: HeaderCarrier): void;
  /** Ends the record; later calls do nothing. */
  end(error?: ConnectError): void;
};

/** Makes the observer of one method on the client's side: a span and a duration for each call. */
export function clientObserver(method: DescMethod): () => ClientObservation {
  const name = `${method.parent.typeName}/${method.name}`;
  const tracer = trace.getTracer("@dawr/rpc");
  const duration = durationHistogram(semantics.clientDuration, "Duration of outbound RPCs.");
  const attributes = attributesByProtocol(name)("grpc");
  return () => {
    const parent = context.active();
    const observed = observation(
      tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent),
      parent,
      duration,
      attributes,
    );
    return clientObservation(observed.context ?? parent, observed.end);
  };
}

function clientObservation(active: Context, end: (error?: ConnectError) => void): ClientObservation {
  let isOver = false;
  return {
    inject: (carrier) => propagation.inject(active, carrier, setter),
    end(error) {
      if (isOver) return;
      isOver = true;
      end(error);
    },
  };
}

const setter: TextMapSetter<HeaderCarrier> = { set: (carrier, key, value) => carrier.set(key, value) };
