import type { HandlerContext } from "@connectrpc/connect";
import { callOf } from "@dawr/rpc";

/** Who calls, as it is kept beside what they did: the person, else the service that acts by itself. */
export function callerOf(context: HandlerContext): string {
  const { actor, workload } = callOf(context);
  return actor?.account ?? `services/${workload ?? "unknown"}`;
}
