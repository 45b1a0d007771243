import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorLog, errorMapper, hasErrorInfo } from "../errors/error-mapper.ts";
import { malformed } from "../errors/malformed.ts";
import { PlatformError } from "../errors/platform-error.ts";

/** Turns an error of the protocol library, made while it read a request, into the platform's refusal. */
export function inputRefusal(error: unknown, input: DescMessage, maxBodyBytes: number): unknown {
  if (!(error instanceof ConnectError) || hasErrorInfo(error)) return error;
  const cause = { cause: error };
  switch (error.code) {
    case Code.ResourceExhausted:
      return new PlatformError("BODY_TOO_LARGE", { limit_bytes: String(maxBodyBytes) }, cause);
    case Code.Unimplemented:
      return error.rawMessage.startsWith("unknown compression")
        ? new PlatformError("UNSUPPORTED_COMPRESSION", {}, cause)
        : malformed(error, input);
    // The library calls bytes that are no message an internal error.
    case Code.Internal:
    case Code.InvalidArgument:
    case Code.Unknown:
    case Code.DataLoss:
      return malformed(error, input);
    default:
      return error;
  }
}

/** Explains errors that the protocol library answered by itself. */
export function explainer(log: ErrorLog, maxBodyBytes: number) {
  const toConnectError = errorMapper([], log);
  return (
    error: ConnectError,
    input: DescMessage,
    call: { readonly locale: string; readonly method: string; readonly requestId: string },
  ) => {
    // Only what we failed to write is our fault; all else is about what came in.
    const isOurs = error.code === Code.Internal && /^(serialize|internal error)/.test(error.rawMessage);
    return toConnectError(isOurs ? error : inputRefusal(error, input, maxBodyBytes), call);
  };
}
