import type { Metadata, StatusObject } from "@grpc/grpc-js";
import type { ChannelOptions } from "../client/caller.ts";
import { headersOf, ownHeadersOf } from "./metadata.ts";

/** What tells of a call's metadata: all calls of grpc-js do. */
type Reporting = {
  on(event: "metadata", listener: (metadata: Metadata) => void): unknown;
  on(event: "status", listener: (status: StatusObject) => void): unknown;
};

/** Tells the caller of headers and trailers as they come, if it asked for them. */
export function report(call: Reporting, options: ChannelOptions | undefined): void {
  if (options === undefined) return;
  const { onHeader, onTrailer, onOwnHeader, onOwnTrailer } = options;
  if (onHeader !== undefined) call.on("metadata", (metadata) => onHeader(headersOf(metadata)));
  if (onTrailer !== undefined) call.on("status", ({ metadata }) => onTrailer(headersOf(metadata)));
  if (onOwnHeader !== undefined) call.on("metadata", (metadata) => tellOwn(metadata, onOwnHeader));
  if (onOwnTrailer !== undefined) call.on("status", ({ metadata }) => tellOwn(metadata, onOwnTrailer));
}

function tellOwn(metadata: Metadata, tell: (headers: Headers) => void): void {
  const own = ownHeadersOf(metadata);
  if (own !== undefined) tell(own);
}
