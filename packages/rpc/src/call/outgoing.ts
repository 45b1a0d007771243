import type { CallOptions, HandlerContext } from "@connectrpc/connect";
import type { Call } from "./call.ts";
import { guardedCall } from "./call-of.ts";
import { headerNames } from "./headers.ts";
import { locales } from "./locale.ts";

/**
 * Options for a call on behalf of the same person: their token, language, request id and address,
 * this call's deadline, signal and trace.
 */
export function outgoing(context: HandlerContext): CallOptions {
  const call = guardedCall(context);
  const timeoutMs = outgoingTimeoutMs(call);
  const options: CallOptions = { headers: outgoingHeaders(call), signal: call.signal };
  if (timeoutMs !== undefined) options.timeoutMs = timeoutMs;
  return options;
}

/** The headers of a call on behalf of the same person. */
export function outgoingHeaders(call: Call): Record<string, string> {
  const headers: Record<string, string> = {
    [headerNames.requestId]: call.requestId,
    [headerNames.peer]: call.peer,
  };
  if (call.locale !== locales[0]) headers[headerNames.language] = call.locale;
  if (call.actor !== undefined) headers[headerNames.user] = `Bearer ${call.actor.token}`;
  if (call.causedBy !== undefined) headers[headerNames.causedBy] = call.causedBy;
  const trace = call.headers.get(headerNames.trace);
  if (trace === undefined) return headers;
  headers[headerNames.trace] = trace;
  const state = call.headers.get(headerNames.traceState);
  if (state !== undefined) headers[headerNames.traceState] = state;
  return headers;
}

/** What is left of the call's time: at least 1 ms, as none at all would mean no limit. */
export function outgoingTimeoutMs(call: Call): number | undefined {
  const timeoutMs = call.timeoutMs();
  return timeoutMs === undefined ? undefined : Math.max(1, timeoutMs);
}
