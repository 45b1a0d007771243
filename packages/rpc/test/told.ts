import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf } from "../src/index.ts";

/** Call options of somebody with a token of that name. */
export const as = (name: string) => ({ headers: { authorization: `Bearer ${name}` } });

/** What a caller can tell of a refusal by machine. */
export function told(error: unknown) {
  const reason = reasonOf(error);
  return {
    code: error instanceof ConnectError ? Code[error.code] : undefined,
    reason: reason?.reason,
    domain: reason?.domain,
  };
}
