import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@dawr/gen/google/rpc/error_details_pb.js";

/** Why a call was refused. */
export type Reason = {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
};

/** The reason in a failed call's ErrorInfo; undefined for anything that carries none. */
export function reasonOf(error: unknown): Reason | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const info = error.findDetails(ErrorInfoSchema)[0];
  return info === undefined ? undefined : { reason: info.reason, domain: info.domain, metadata: info.metadata };
}
