import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

export type HttpRequest = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The path's variable parts ("{gateway}"). */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly address: string;
  readonly requestId: string;
  readonly signal: AbortSignal;
};

export type HttpResponse = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

/** A plain HTTP route beside the RPCs: `{ method: "POST", path: "/webhooks/{gateway}", handle }`. */
export type HttpRoute = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly handle: (request: HttpRequest) => Promise<HttpResponse> | HttpResponse;
};

type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = ServerResponse | Http2ServerResponse;

/** What a route's path takes from a request's; undefined when it is another path. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const parts = pattern.split("/");
  const given = path.split("/");
  if (parts.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith("{") && part.endsWith("}")) {
      if (value === "") return undefined;
      try {
        params[part.slice(1, -1)] = decodeURIComponent(value);
      } catch {
        return undefined;
      }
    } else if (part !== value) return undefined;
  }
  return params;
}

export type RouteContext = {
  readonly params: Readonly<Record<string, string>>;
  readonly address: string;
  readonly requestId: string;
  readonly maxBodyBytes: number;
};

/** Runs a route and writes its answer; a body over the limit is refused with 413 before the route sees it. */
export async function runRoute(
  route: HttpRoute,
  request: NodeRequest,
  response: NodeResponse,
  context: RouteContext,
): Promise<void> {
  const body = await readBody(request, context.maxBodyBytes);
  if (body === undefined) {
    send(request, response, { status: 413 });
    return;
  }
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const url = new URL(request.url ?? "/", "http://edge");
  const answer = await route.handle({
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    params: context.params,
    headers: headersOf(request),
    body,
    address: context.address,
    requestId: context.requestId,
    signal: gone.signal,
  });
  send(request, response, answer);
}

function send(request: NodeRequest, response: NodeResponse, answer: HttpResponse): void {
  if (response.destroyed) return;
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  const body = typeof answer.body === "string" ? Buffer.from(answer.body) : Buffer.from(answer.body ?? []);
  response.setHeader("content-length", body.byteLength);
  if (request.method === "HEAD") response.end();
  else response.end(body);
}

async function readBody(request: NodeRequest, limit: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    request.resume();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // Both kinds of request are streams of Buffers, as no encoding was set.
  for await (const chunk of request as NodeJS.ReadableStream as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and thrown away, so that the client gets to see the answer.
    if (size <= limit) chunks.push(chunk);
    else if (size > limit * 2) return undefined;
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}

function headersOf(request: NodeRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) headers.append(name, item);
  }
  return headers;
}
