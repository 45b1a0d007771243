import { type Context, context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";

/** The W3C traceparent of the present span; undefined when nothing is traced. */
export function traceparentNow(): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

/** The context that continues a stored trace. */
export function contextOf(traceparent: string | undefined): Context {
  return traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}
