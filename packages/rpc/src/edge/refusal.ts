import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { createAsyncIterable, encodeEnvelope, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  createEndStreamSerialization,
  endStreamFlag,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";

/** The protocols that the edge speaks, as a request's content type tells them. */
export type Protocol = "grpc" | "grpc-web" | "connect-stream" | "connect";

/** Which protocol a request is in; Connect's simple one for whatever is not told. */
export function protocolOf(contentType: string | undefined): Protocol {
  const type = contentType?.toLowerCase() ?? "";
  if (type.startsWith("application/grpc-web")) return "grpc-web";
  if (type.startsWith("application/grpc")) return "grpc";
  return type.startsWith("application/connect+") ? "connect-stream" : "connect";
}

/** The content types that a method takes, as a list for people and programs. */
export function contentTypesOf({ methodKind }: DescMethod): string {
  const connect = methodKind === "unary" ? "application/" : "application/connect+";
  return `${connect}json, ${connect}proto, application/grpc-web, application/grpc`;
}

/** A refusal that no handler gave, in the request's own protocol and with its details. */
export function refusalResponse(
  error: ConnectError,
  contentType: string | undefined,
  httpStatus?: number | undefined,
): UniversalServerResponse {
  const protocol = protocolOf(contentType);
  switch (protocol) {
    case "grpc":
      // Not "trailers-only": Node sends an end of its own after the headers, and grpc-js would not find the status there.
      return {
        status: 200,
        header: new Headers({ "content-type": "application/grpc" }),
        body: createAsyncIterable([]),
        trailer: setTrailerStatus(new Headers(), error),
      };
    case "grpc-web": {
      // "Trailers-only": the status travels in the headers.
      const header = new Headers({ "content-type": "application/grpc-web+proto" });
      return { status: 200, header: setTrailerStatus(header, error) };
    }
    case "connect-stream": {
      const data = endStream.serialize({ error, metadata: new Headers() });
      return {
        status: 200,
        header: new Headers({ "content-type": contentType ?? "application/connect+json" }),
        body: createAsyncIterable([encodeEnvelope(endStreamFlag, data)]),
      };
    }
    case "connect": {
      const body = errorToJsonBytes(error, undefined);
      return {
        status: httpStatus ?? codeToHttpStatus(error.code),
        header: new Headers({ "content-type": "application/json", "content-length": String(body.byteLength) }),
        body: createAsyncIterable([body]),
      };
    }
  }
}

const endStream = createEndStreamSerialization(undefined);
