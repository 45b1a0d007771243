import type { Message } from "@bufbuild/protobuf";
import { type ConnectRouter, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { Call } from "../call/call.ts";
import { headersSource } from "../call/headers.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { GuardedMethod } from "../guard/guard-method.ts";
import { onlyAnswer } from "../guard/single.ts";
import { inputRefusal } from "./explain.ts";

/** What the edge knows of a request beyond its headers. */
export type RequestFacts = { readonly address: string; readonly requestId: string };
export const factsKey = createContextKey<RequestFacts | undefined>(undefined);

export type EdgeRoutesOptions = {
  readonly maxBodyBytes: number;
  /** How long a call that is no stream may take when its caller does not say. */
  readonly timeoutMs: number;
  /** Streams that are open, to be ended when the server closes. */
  readonly streams: Set<Call>;
};

/** Mounts a guarded method on Connect's router. */
export function routeMethod(router: ConnectRouter, guarded: GuardedMethod, options: EdgeRoutesOptions): void {
  // A descriptor that is not a literal does not tell its kind to the type checker, so that the router's types cannot
  // say which of these it takes; its kind decides.
  router.rpc(guarded.method, handlerOf(guarded, options) as never);
}

function handlerOf(guarded: GuardedMethod, options: EdgeRoutesOptions) {
  switch (guarded.method.methodKind) {
    case "unary":
      return async (request: Message, context: HandlerContext) => {
        const { call, release } = openCall(guarded, context, options);
        try {
          return await guarded.unary(request, call);
        } finally {
          release();
        }
      };
    case "client_streaming":
      return async (requests: AsyncIterable<Message>, context: HandlerContext) =>
        onlyAnswer(streamed(guarded, requests, context, options));
    case "server_streaming":
      return (request: Message, context: HandlerContext) => streamed(guarded, one(request), context, options);
    case "bidi_streaming":
      return (requests: AsyncIterable<Message>, context: HandlerContext) =>
        streamed(guarded, requests, context, options);
  }
}

async function* streamed(
  guarded: GuardedMethod,
  requests: AsyncIterable<Message>,
  context: HandlerContext,
  options: EdgeRoutesOptions,
): AsyncGenerator<Message, void, undefined> {
  const { call, release } = openCall(guarded, context, options);
  if (guarded.method.methodKind !== "client_streaming") options.streams.add(call);
  try {
    yield* guarded.stream(readable(guarded, requests, options), call);
  } finally {
    options.streams.delete(call);
    release();
  }
}

function openCall(guarded: GuardedMethod, context: HandlerContext, options: EdgeRoutesOptions) {
  const facts = context.values.get(factsKey);
  const kind = guarded.method.methodKind;
  const timeoutMs =
    context.timeoutMs() ?? (kind === "unary" || kind === "client_streaming" ? options.timeoutMs : undefined);
  const call = new Call({
    method: guarded.method,
    protocolName: context.protocolName,
    requestMethod: context.requestMethod,
    headers: headersSource(context.requestHeader),
    address: () => facts?.address ?? "unknown",
    deadline: timeoutMs === undefined ? undefined : Date.now() + timeoutMs,
    values: context.values,
    responseHeader: context.responseHeader,
    responseTrailer: context.responseTrailer,
    requestId: facts?.requestId,
  });
  const late = () => call.abort(new PlatformError("DEADLINE_EXCEEDED"));
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
  // The library's own signal fires when the client leaves; when the deadline passes, both of us know.
  const left = () =>
    call.deadline !== undefined && call.deadline <= Date.now() ? late() : call.abort(new PlatformError("CANCELLED"));
  if (context.signal.aborted) left();
  else context.signal.addEventListener("abort", left, { once: true });
  const release = () => {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", left);
  };
  return { call, release };
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}

async function* readable(
  { method }: GuardedMethod,
  requests: AsyncIterable<Message>,
  options: EdgeRoutesOptions,
): AsyncGenerator<Message> {
  try {
    yield* requests;
  } catch (error) {
    throw inputRefusal(error, method.input, options.maxBodyBytes);
  }
}
