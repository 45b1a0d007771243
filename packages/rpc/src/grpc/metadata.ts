import { ConnectError } from "@connectrpc/connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { Metadata, type ServerErrorResponse } from "@grpc/grpc-js";
import type { HeaderSource } from "../call/headers.ts";

const statusDetails = "grpc-status-details-bin";

/** Reads a gRPC call's metadata as headers. */
export function metadataSource(metadata: Metadata): HeaderSource {
  const values = metadata.getMap();
  return {
    get(name) {
      const value = values[name];
      return value === undefined || typeof value === "string" ? value : value.toString("base64");
    },
    all: () => headersOf(metadata),
  };
}

/** Metadata as Headers; binary values in base64. */
export function headersOf(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    for (const value of values) headers.append(name, typeof value === "string" ? value : value.toString("base64"));
  }
  return headers;
}

// What belongs to the hop, not to the answer.
const hopHeader = /^(grpc-|content-|accept-encoding$|date$)/;

/** The headers in metadata that a handler set; undefined when it set none. */
export function ownHeadersOf(metadata: Metadata): Headers | undefined {
  const all = metadata.getMap();
  let own: Headers | undefined;
  for (const name in all) {
    if (hopHeader.test(name)) continue;
    const value = all[name] ?? "";
    own ??= new Headers();
    own.append(name, typeof value === "string" ? value : value.toString("base64"));
  }
  return own;
}

/** Headers as metadata; undefined when there are none. */
export function metadataOf(headers: Headers | undefined): Metadata | undefined {
  if (headers === undefined) return undefined;
  const metadata = new Metadata();
  headers.forEach((value, name) => {
    metadata.add(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  });
  return metadata;
}

/** A status as grpc-js takes it from a server: Connect numbers its codes as gRPC does. */
export type GrpcStatus = Error & Pick<ServerErrorResponse, "details" | "metadata"> & { readonly code: number };

/** An error as the status that grpc-js sends, details and all. */
export function statusOf(error: ConnectError, trailer: Headers | undefined): GrpcStatus {
  const packed = setTrailerStatus(new Headers(), error).get(statusDetails);
  const metadata = metadataOf(trailer) ?? new Metadata();
  if (packed !== null) metadata.set(statusDetails, Buffer.from(packed, "base64"));
  // grpc-js percent-encodes the text, which a lone surrogate would make it throw at.
  const details = error.rawMessage.toWellFormed();
  return Object.assign(new Error(details), { code: error.code, details, metadata });
}

/** The error in a failed call's status; undefined when it came without details, so that nobody can say why. */
export function errorOf(metadata: Metadata): ConnectError | undefined {
  const packed = metadata.get(statusDetails)[0];
  if (packed === undefined || typeof packed === "string") return undefined;
  const error = findTrailerError(new Headers({ [statusDetails]: packed.toString("base64") }));
  // The headers of another hop are not ours to pass on.
  return error === undefined
    ? undefined
    : Object.assign(new ConnectError(error.rawMessage, error.code), { details: error.details });
}
