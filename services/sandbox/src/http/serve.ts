import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Listening } from "@dawr/runtime";
import type { Logger } from "@dawr/telemetry";
import { z } from "zod";
import { type Code, SandboxError } from "../domain/errors.ts";
import { type Call, json, type Reply, type Route } from "./exchange.ts";

const bodyLimitBytes = 256 * 1024;

/** Serves routes on one port. Every answer has headers that keep browsers from guessing, framing and caching. */
export async function serve(options: {
  readonly routes: readonly Route[];
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  readonly newId: () => string;
}): Promise<Listening & { readonly port: number }> {
  const { routes, host, port, log, newId } = options;
  const stopping = new AbortController();
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 20_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, "an answer could not be sent");
      response.destroy();
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const reply = await handle(request, AbortSignal.any([gone.signal, stopping.signal]));
    if (reply === "cut") {
      request.socket.destroy();
      return;
    }
    const body = typeof reply.body === "string" ? Buffer.from(reply.body) : (reply.body ?? Buffer.alloc(0));
    response.writeHead(reply.status, { ...commonHeaders, ...reply.headers, "content-length": String(body.length) });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async function handle(request: IncomingMessage, signal: AbortSignal): Promise<Reply> {
    try {
      const { route, url, params } = find(routes, request);
      const call: Call = {
        method: request.method ?? "GET",
        url,
        headers: request.headers,
        body: await readBody(request),
        params,
        remoteAddress: request.socket.remoteAddress ?? "",
        signal,
      };
      return await route.handle(call);
    } catch (error) {
      return refusal(error, () => {
        const id = newId();
        log.error({ err: error, errorId: id }, "a request failed");
        return id;
      });
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const bound = portOf(server.address());
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${bound}`,
    port: bound,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      stopping.abort();
      server.closeIdleConnections();
      const limit = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(limit);
    },
  };
}

function find(routes: readonly Route[], request: IncomingMessage) {
  const target = `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`;
  if (!URL.canParse(target)) throw new SandboxError("invalid_request", { problem: "the address is none" });
  const url = new URL(target);
  let isKnown = false;
  for (const route of routes) {
    const match = route.pattern.exec(url.pathname);
    if (match === null) continue;
    isKnown = true;
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (route.method === method) return { route, url, params: { ...match.groups } };
  }
  throw new SandboxError(isKnown ? "method_not_allowed" : "not_found", { path: url.pathname });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > bodyLimitBytes) throw new SandboxError("body_too_large", { limit_bytes: String(bodyLimitBytes) });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refusal(error: unknown, report: () => string): Reply {
  if (error instanceof SandboxError)
    return json(statusOf[error.code], { error: { code: error.code, ...error.details } });
  if (error instanceof z.ZodError) {
    const problem = error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    return json(400, { error: { code: "invalid_request", problem } });
  }
  return json(500, { error: { code: "internal", error_id: report() } });
}

const statusOf: Readonly<Record<Code, number>> = {
  unauthorized: 401,
  not_found: 404,
  method_not_allowed: 405,
  invalid_request: 400,
  body_too_large: 413,
  idempotency_key_required: 400,
  idempotency_key_reused: 409,
  charge_not_payable: 409,
  charge_not_capturable: 409,
  charge_not_cancelable: 409,
  charge_not_refundable: 409,
  refund_exceeds_charge: 409,
  loopback_only: 403,
  internal: 500,
};

const commonHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
