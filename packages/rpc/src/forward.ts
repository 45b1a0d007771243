import type { DescService } from "@bufbuild/protobuf";
import type { Client, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { guardedCall } from "./call/call-of.ts";
import { headerNames } from "./call/headers.ts";
import { outgoingHeaders, outgoingTimeoutMs } from "./call/outgoing.ts";
import type { ChannelOptions } from "./client/caller.ts";
import { type Implementation, implement } from "./guard/implement.ts";
import { isPublic } from "./guard/rule.ts";

/** Further headers to pass on with a forwarded call, by name in lower case. */
export type HeadersOf = (context: HandlerContext) => Readonly<Record<string, string>>;

/**
 * Passes every public method of a service on to where it runs, streams included, as the caller sent it: their token,
 * language, request id and deadline go along, answers and errors come back untouched. INTERNAL methods are not offered.
 */
export function forward<S extends DescService>(service: S, client: Client<S>, headersOf?: HeadersOf): Implementation {
  const target = client as Readonly<Record<string, ForwardedMethod | undefined>>;
  const handlers: Record<string, unknown> = {};
  for (const method of service.methods) {
    const send = target[method.localName];
    if (send === undefined || !isPublic(method)) continue;
    handlers[method.localName] = (input: unknown, context: HandlerContext) =>
      send(input, forwarding(context, headersOf));
  }
  // A client's methods take and give what a handler's do, with options in the place of the context.
  const { methods } = implement(service, handlers as Partial<ServiceImpl<S>>);
  return { service, methods: methods.filter(({ method }) => isPublic(method)) };
}

type ForwardedMethod = (input: unknown, options: ChannelOptions) => unknown;

function forwarding(context: HandlerContext, headersOf: HeadersOf | undefined): ChannelOptions {
  const call = guardedCall(context);
  const headers = outgoingHeaders(call);
  headers[headerNames.relayed] = "1";
  if (headersOf !== undefined) Object.assign(headers, headersOf(context));
  const timeoutMs = outgoingTimeoutMs(call);
  return {
    headers,
    // Also a client that is not ours (a test's) is cancelled when it understands no more than signals.
    get signal() {
      return call.signal;
    },
    onAbort: (cancel) => call.onAbort(cancel),
    onOwnHeader: (own) => copy(own, call.responseHeader),
    onOwnTrailer: (own) => copy(own, call.responseTrailer),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function copy(from: Headers, to: Headers): void {
  for (const [name, value] of from) to.append(name, value);
}
