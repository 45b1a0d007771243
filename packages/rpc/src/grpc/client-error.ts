import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata } from "@grpc/grpc-js";
import { hasErrorInfo, platformRefusal } from "../errors/error-mapper.ts";
import { Malformed } from "./codec.ts";
import { errorOf } from "./metadata.ts";

/**
 * What a failed call means to its caller: the server's own error with its details, or, where no server could say
 * anything, the platform's reason for the status. The library's text stays in the cause.
 */
export function errorFrom(error: unknown): ConnectError {
  if (error instanceof ConnectError && hasErrorInfo(error)) return error;
  if (error instanceof Malformed || !(error instanceof Error) || !("code" in error)) {
    return platformRefusal("INTERNAL", { error_id: crypto.randomUUID() }, { cause: error });
  }
  const told = "metadata" in error && error.metadata instanceof Metadata ? errorOf(error.metadata) : undefined;
  if (told !== undefined) return told;
  switch (error.code) {
    case Code.Canceled:
      return platformRefusal("CANCELLED", {}, { cause: error });
    case Code.DeadlineExceeded:
      return platformRefusal("DEADLINE_EXCEEDED", {}, { cause: error });
    case Code.ResourceExhausted:
      return platformRefusal("BODY_TOO_LARGE", {}, { cause: error });
    case Code.Unimplemented:
      return platformRefusal("UNKNOWN_METHOD", {}, { cause: error });
    // grpc-js calls it internal or unknown when a connection breaks below a call.
    case Code.Unavailable:
    case Code.Internal:
    case Code.Unknown:
      return platformRefusal("UNAVAILABLE", {}, { cause: error });
    default:
      return platformRefusal("INTERNAL", { error_id: crypto.randomUUID() }, { cause: error });
  }
}
