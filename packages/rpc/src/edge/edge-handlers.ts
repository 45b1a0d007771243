import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { JsonReadOptions } from "@bufbuild/protobuf";
import { createConnectRouter, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { type Call, saneId } from "../call/call.ts";
import { localeOf } from "../call/locale.ts";
import { type ErrorLog, platformRefusal } from "../errors/error-mapper.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { PlatformReason } from "../errors/platform-errors.ts";
import type { GuardedMethod } from "../guard/guard-method.ts";
import { explainer } from "./explain.ts";
import { explained } from "./explained.ts";
import { type HttpRoute, matchPath, runRoute } from "./http-route.ts";
import { contentTypesOf, refusalResponse } from "./refusal.ts";
import { addCorsHeaders, addPreflightHeaders, type CorsOptions, securityHeaders } from "./response-headers.ts";
import { factsKey, routeMethod } from "./routes.ts";
import type { Listener, StreamListener } from "./sniff.ts";
import { isSimple, type UnaryStream, unaryStream } from "./unary-stream.ts";

export type EdgeOptions = {
  readonly log: ErrorLog;
  readonly http?: readonly HttpRoute[] | undefined;
  readonly cors?: CorsOptions | undefined;
  /** 10 MB by default. */
  readonly maxBodyBytes?: number | undefined;
  /** How long a call may take when its caller does not say; 10,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** How many proxies in front of the edge may be believed about the client's address; none by default. */
  readonly trustedProxies?: number | undefined;
  readonly hooks?: EdgeHooks | undefined;
};

export type EdgeHooks = {
  /** Before anything else looks at a request; may set response headers (deprecation, say). */
  readonly onRequest?: (request: RequestHead, setHeader: (name: string, value: string) => void) => void;
};

type RequestHead = { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders };

type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = ServerResponse | Http2ServerResponse;

/** What answers the requests of HTTP/1.1 and HTTP/2 alike. */
export type EdgeHandlers = {
  readonly listener: Listener;
  /** For HTTP/2, asked before the listener: serves what it can straight from the stream. */
  readonly streamListener: StreamListener;
  /** Ends the streams that are open, so that their clients go elsewhere. */
  endStreams(): void;
};

/** Mounts guarded methods for Connect, gRPC-Web and gRPC, with plain HTTP routes beside them. */
export function edgeHandlers(methods: readonly GuardedMethod[], options: EdgeOptions): EdgeHandlers {
  const { log, http: routes = [], maxBodyBytes = 10_000_000, timeoutMs = 10_000, trustedProxies = 0 } = options;
  const streams = new Set<Call>();
  const router = createConnectRouter({
    acceptCompression: compressions,
    readMaxBytes: maxBodyBytes,
    jsonOptions: strictJson,
  });
  for (const guarded of methods) routeMethod(router, guarded, { maxBodyBytes, timeoutMs, streams });
  const shortWays = new Map<string, UnaryStream>(
    methods
      .filter((guarded) => guarded.method.methodKind === "unary")
      .map((guarded) => [
        guarded.path,
        unaryStream(guarded, { maxBodyBytes, timeoutMs, jsonOptions: strictJson, compressions }),
      ]),
  );
  const handlers = new Map<string, UniversalHandler>(router.handlers.map((h) => [h.requestPath, h]));
  const explain = explainer(log, maxBodyBytes);

  async function serve(request: NodeRequest, response: NodeResponse, path: string, requestId: string): Promise<void> {
    const address = addressOf(request.socket, request.headers, trustedProxies);
    for (const route of routes) {
      const params = matchPath(route.path, path);
      if (params === undefined || !isFor(route, request.method)) continue;
      return runRoute(route, request, response, { params, address, requestId, maxBodyBytes });
    }
    const contentType = request.headers["content-type"];
    const locale = localeOf(request.headers["accept-language"]);
    const refuse = (reason: PlatformReason, status: number, more: Readonly<Record<string, string>> = {}) =>
      reply(refusalResponse(platformRefusal(reason, { path, ...more }, { locale }), contentType, status), response);
    const handler = handlers.get(path);
    if (handler === undefined) return refuse("UNKNOWN_METHOD", 404);
    const values = createContextValues().set(factsKey, { address, requestId });
    const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, values));
    const reason = answer.body === undefined ? reasonByStatus.get(answer.status) : undefined;
    if (reason === "UNSUPPORTED_CONTENT_TYPE")
      return refuse(reason, answer.status, { content_types: contentTypesOf(handler.method) });
    if (reason !== undefined) return refuse(reason, answer.status);
    const { input } = handler.method;
    const call = { locale, method: path, requestId };
    return reply(await explained(answer, (error) => explain(error, input, call)), response);
  }

  /** What every answer carries, whichever way the request is served. */
  function answerHeadersFor(headers: IncomingHttpHeaders, method: string, path: string) {
    const requestId = saneId(headers["x-request-id"]?.toString()) ?? crypto.randomUUID();
    const answerHeaders: Record<string, string> = { ...securityHeaders, "x-request-id": requestId };
    const isCors = addCorsHeaders(answerHeaders, headers.origin, options.cors);
    if (isCors && method === "OPTIONS") addPreflightHeaders(answerHeaders);
    options.hooks?.onRequest?.({ method, path, headers }, (name, value) => {
      answerHeaders[name] = value;
    });
    return { requestId, answerHeaders };
  }

  return {
    streamListener(stream, headers) {
      const path = headers[":path"] ?? "/";
      const short = isSimple(headers) ? shortWays.get(path) : undefined;
      if (short === undefined) return false;
      const { requestId, answerHeaders } = answerHeadersFor(headers, "POST", path);
      const address = addressOf(stream.session?.socket, headers, trustedProxies);
      short({ stream, headers, answerHeaders, facts: { address, requestId } });
      return true;
    },
    listener(request, response) {
      const path = request.url?.split("?", 1)[0] ?? "/";
      const { requestId, answerHeaders } = answerHeadersFor(request.headers, request.method ?? "GET", path);
      for (const name in answerHeaders) response.setHeader(name, answerHeaders[name] ?? "");
      if (request.method === "OPTIONS") {
        response.statusCode = 204;
        response.end();
        return;
      }
      serve(request, response, path, requestId).catch((error) => {
        if (isGone(response)) return;
        // The library cannot write an error that repeats half a character of what was sent.
        const isTheirs = error instanceof URIError;
        if (!isTheirs) log.error({ err: error, method: path, requestId }, "request failed");
        const refusal = isTheirs
          ? refusalResponse(platformRefusal("MALFORMED_MESSAGE"), request.headers["content-type"])
          : refusalResponse(platformRefusal("INTERNAL", { error_id: requestId }), undefined);
        if (response.headersSent) response.destroy();
        else reply(refusal, response).catch(() => response.destroy());
      });
    },
    endStreams() {
      for (const call of streams) call.abort(new PlatformError("UNAVAILABLE"));
    },
  };
}

/** Answers without a body are the protocol library's own refusals. */
const reasonByStatus: ReadonlyMap<number, PlatformReason> = new Map([
  [404, "UNKNOWN_METHOD"],
  [405, "UNKNOWN_METHOD"],
  [415, "UNSUPPORTED_CONTENT_TYPE"],
  [505, "NOT_OFFERED"],
]);

const compressions = [compressionGzip, compressionBrotli];

/**
 * A field that no contract knows is a mistake to be told, not to be ignored (ADR 17). JSON in invalid UTF-8 is refused,
 * not repaired: an option that the library reads and its types leave out.
 */
const strictJson: Partial<JsonReadOptions> & { readonly textDecoder: TextDecoder } = {
  ignoreUnknownFields: false,
  textDecoder: new TextDecoder("utf-8", { fatal: true }),
};

function reply(answer: UniversalServerResponse, response: NodeResponse): Promise<void> {
  return universalResponseToNodeResponse(answer, response);
}

/** True when there is nobody left to answer. */
function isGone(response: NodeResponse): boolean {
  return "stream" in response ? response.stream === undefined || response.stream.destroyed : response.destroyed;
}

function isFor(route: HttpRoute, method: string | undefined): boolean {
  return route.method === method || (route.method === "GET" && method === "HEAD");
}

/** The client's address: the connection's, or what the trusted proxies in front say. */
function addressOf(
  socket: { readonly remoteAddress?: string | undefined } | undefined,
  headers: IncomingHttpHeaders,
  trustedProxies: number,
): string {
  const own = socket?.remoteAddress ?? "unknown";
  if (trustedProxies === 0) return own;
  const forwarded = headers["x-forwarded-for"]?.toString().split(",") ?? [];
  return forwarded.at(-trustedProxies)?.trim() || own;
}
