import zlib from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  createEndStreamSerialization,
  endStreamFlag,
  errorFromJsonBytes,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { hasErrorInfo } from "../errors/error-mapper.ts";
import { protocolOf } from "./refusal.ts";

/** Gives a bare error of the protocol library the reason that the platform has for it. */
export type Explain = (error: ConnectError) => ConnectError;

/**
 * Puts reasons on errors that the protocol library answered by itself, before any handler: unreadable messages,
 * oversize bodies and the like. Answers that have a reason pass untouched.
 */
export async function explained(response: UniversalServerResponse, explain: Explain): Promise<UniversalServerResponse> {
  const protocol = protocolOf(response.header?.get("content-type") ?? undefined);
  const { body } = response;
  if (protocol === "connect") return response.status === 200 ? response : explainedUnary(response, explain);
  if (body === undefined) return response;
  if (protocol === "grpc") return { ...response, body: atEnd(body, () => explainTrailer(response.trailer, explain)) };
  const rewrite = protocol === "grpc-web" ? explainWebTrailer : explainEndStream;
  return { ...response, body: eachChunk(body, (chunk) => rewrite(chunk, explain)) };
}

async function explainedUnary(response: UniversalServerResponse, explain: Explain): Promise<UniversalServerResponse> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) chunks.push(chunk);
  const packed = Buffer.concat(chunks);
  const encoding = response.header?.get("content-encoding");
  const bytes =
    encoding === "gzip" ? zlib.gunzipSync(packed) : encoding === "br" ? zlib.brotliDecompressSync(packed) : packed;
  const fallback = new ConnectError("internal error", Code.Internal);
  const error = errorFromJsonBytes(bytes, undefined, fallback);
  if (hasErrorInfo(error)) return { ...response, body: once(packed) };
  const told = explain(error);
  const body = errorToJsonBytes(told, undefined);
  const header = new Headers(response.header);
  header.delete("content-encoding");
  header.set("content-length", String(body.byteLength));
  // A call that the library takes for our failure may be the caller's mistake: then the status changes with the code.
  return { status: told.code === error.code ? response.status : statusOf(told), header, body: once(body) };
}

function statusOf(error: ConnectError): number {
  return error.code === Code.InvalidArgument ? 400 : 500;
}

function explainTrailer(trailer: Headers | undefined, explain: Explain): boolean {
  const error = trailer === undefined ? undefined : findTrailerError(trailer);
  if (trailer === undefined || error === undefined || hasErrorInfo(error)) return false;
  setTrailerStatus(trailer, explain(new ConnectError(error.rawMessage, error.code)));
  return true;
}

const webTrailerFlag = 0x80;
const compressedFlag = 0x01;

function explainWebTrailer(chunk: Uint8Array, explain: Explain): Uint8Array {
  if (chunk[0] !== webTrailerFlag) return chunk;
  const trailer = new Headers();
  for (const line of new TextDecoder().decode(chunk.subarray(5)).split("\r\n")) {
    const at = line.indexOf(":");
    if (at > 0) trailer.append(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  if (!explainTrailer(trailer, explain)) return chunk;
  const text = [...trailer].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return encodeEnvelope(webTrailerFlag, new TextEncoder().encode(text));
}

const endStream = createEndStreamSerialization(undefined);

function explainEndStream(chunk: Uint8Array, explain: Explain): Uint8Array {
  const flags = chunk[0] ?? 0;
  if ((flags & endStreamFlag) === 0 || (flags & compressedFlag) !== 0) return chunk;
  const { error, metadata } = endStream.parse(chunk.subarray(5));
  if (error === undefined || hasErrorInfo(error)) return chunk;
  return encodeEnvelope(endStreamFlag, endStream.serialize({ error: explain(error), metadata }));
}

/** The same bytes, with something done once they have all been passed on. */
function atEnd(body: AsyncIterable<Uint8Array>, done: () => void): AsyncIterable<Uint8Array> {
  return mapped(body, (result) => {
    if (result.done === true) done();
    return result;
  });
}

function eachChunk(
  body: AsyncIterable<Uint8Array>,
  change: (chunk: Uint8Array) => Uint8Array,
): AsyncIterable<Uint8Array> {
  return mapped(body, (result) => (result.done === true ? result : { done: false, value: change(result.value) }));
}

type Result = IteratorResult<Uint8Array, unknown>;

/** Keeps throw and return, by which the library learns that the client has gone. */
function mapped(body: AsyncIterable<Uint8Array>, change: (result: Result) => Result): AsyncIterable<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  const iterator: AsyncIterator<Uint8Array> = { next: async () => change(await source.next()) };
  if (source.throw !== undefined) iterator.throw = source.throw.bind(source);
  if (source.return !== undefined) iterator.return = source.return.bind(source);
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
