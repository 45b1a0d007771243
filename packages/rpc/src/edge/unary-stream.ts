import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { ConnectError } from "@connectrpc/connect";
import { type Compression, createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, errorToJsonBytes, parseTimeout, trailerMux } from "@connectrpc/connect/protocol-connect";
import { Call } from "../call/call.ts";
import type { HeaderSource } from "../call/headers.ts";
import { malformed } from "../errors/malformed.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { GuardedMethod } from "../guard/guard-method.ts";
import type { RequestFacts } from "./routes.ts";

export type UnaryStreamOptions = {
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly jsonOptions: object;
  readonly compressions: readonly Compression[];
};

/** A request that has been told to be fit for the short way. */
type UnaryStreamRequest = {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly facts: RequestFacts;
  /** Headers that every answer of the edge carries. */
  readonly answerHeaders: OutgoingHttpHeaders;
};

/** Serves one unary method to Connect's simple requests over HTTP/2. */
export type UnaryStream = (request: UnaryStreamRequest) => void;

const types: Readonly<Record<string, boolean | undefined>> = { "application/proto": true, "application/json": false };

/** True for requests that the short way can serve: Connect's unary POST, not compressed. */
export function isSimple(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  const encoding = headers["content-encoding"];
  return (
    headers[":method"] === "POST" &&
    type !== undefined &&
    types[type] !== undefined &&
    (encoding === undefined || encoding === "identity")
  );
}

/**
 * Makes the short way for a unary method: most calls of apps are Connect's unary POST over HTTP/2, and serving those
 * straight from the stream costs half of what the protocol library's general machinery does.
 */
export function unaryStream(guarded: GuardedMethod, options: UnaryStreamOptions): UnaryStream {
  const limits = { readMaxBytes: 0xffffffff, writeMaxBytes: 0xffffffff, compressMinBytes: 1024 };
  const codecs = createMethodSerializationLookup(guarded.method, undefined, options.jsonOptions, limits);

  async function serve(request: UnaryStreamRequest, call: Call, body: Buffer): Promise<void> {
    const isBinary = types[request.headers["content-type"] ?? ""] === true;
    let message: ReturnType<ReturnType<typeof codecs.getI>["parse"]>;
    try {
      message = codecs.getI(isBinary).parse(body);
    } catch (cause) {
      throw guarded.refuse(malformed(cause, guarded.method.input), call);
    }
    const answer = await guarded.unary(message, call);
    await respond(request, call, 200, request.headers["content-type"], codecs.getO(isBinary).serialize(answer));
  }

  async function refuse(request: UnaryStreamRequest, call: Call, error: unknown): Promise<void> {
    const told = error instanceof ConnectError ? error : guarded.refuse(error, call);
    await respond(request, call, codeToHttpStatus(told.code), "application/json", errorToJsonBytes(told, undefined));
  }

  async function respond(
    { stream, headers, answerHeaders }: UnaryStreamRequest,
    call: Call,
    status: number,
    type: string | undefined,
    bytes: Uint8Array<ArrayBufferLike>,
  ): Promise<void> {
    const out: OutgoingHttpHeaders = { ...answerHeaders, ":status": status, "content-type": type };
    const own =
      call.setHeader === undefined && call.setTrailer === undefined
        ? undefined
        : trailerMux(call.responseHeader, call.responseTrailer);
    own?.forEach((value, name) => {
      out[name] = value;
    });
    let body = bytes;
    const compression =
      bytes.byteLength < limits.compressMinBytes ? undefined : accepted(headers, options.compressions);
    if (compression !== undefined) {
      body = await compression.compress(new Uint8Array(bytes));
      out["content-encoding"] = compression.name;
    }
    out["content-length"] = body.byteLength;
    if (stream.destroyed || stream.closed) return;
    stream.respond(out);
    stream.end(body);
  }

  return (request) => {
    const { stream, headers, facts } = request;
    const timeout = parseTimeout(headers["connect-timeout-ms"]?.toString() ?? null, Number.MAX_SAFE_INTEGER);
    const timeoutMs = timeout.timeoutMs ?? options.timeoutMs;
    const call = new Call({
      method: guarded.method,
      protocolName: "connect",
      headers: recordSource(headers),
      address: () => facts.address,
      requestId: facts.requestId,
      deadline: Date.now() + timeoutMs,
    });
    const timer = setTimeout(() => call.abort(new PlatformError("DEADLINE_EXCEEDED")), timeoutMs);
    stream.once("close", () => {
      clearTimeout(timer);
      if (!call.isOver) call.abort(new PlatformError("CANCELLED"));
    });
    // The peer's resets are no news after "close", and without a listener they would end the process.
    stream.on("error", () => undefined);
    const fail = (error: unknown) => {
      refuse(request, call, error).catch(() => stream.destroy());
    };
    if (timeout.error !== undefined) {
      fail(malformed(timeout.error, guarded.method.input));
      return;
    }
    readAll(stream, options.maxBodyBytes, (body) => {
      if (body === undefined) fail(new PlatformError("BODY_TOO_LARGE", { limit_bytes: String(options.maxBodyBytes) }));
      else serve(request, call, body).catch(fail);
    });
  };
}

/** Hands over the whole body once it is there, or undefined as soon as it is larger than the limit. */
function readAll(stream: ServerHttp2Stream, limit: number, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    // What still comes is thrown away: a client that is sending does not look for an answer yet.
    else if (chunks.length > 0) {
      chunks.length = 0;
      done(undefined);
    }
  });
  stream.once("end", () => {
    const [first] = chunks;
    if (size <= limit) done(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
  });
}

function recordSource(headers: IncomingHttpHeaders): HeaderSource {
  return {
    get(name) {
      const value = headers[name];
      return typeof value === "string" || value === undefined ? value : value.join(", ");
    },
    all() {
      const all = new Headers();
      for (const [name, value] of Object.entries(headers)) {
        if (!name.startsWith(":") && value !== undefined) all.set(name, value.toString());
      }
      return all;
    },
  };
}

function accepted(headers: IncomingHttpHeaders, compressions: readonly Compression[]): Compression | undefined {
  const names =
    headers["accept-encoding"]
      ?.toString()
      .split(",")
      .map((name) => name.trim()) ?? [];
  return compressions.find(({ name }) => names.includes(name));
}
