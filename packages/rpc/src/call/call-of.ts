import type { HandlerContext } from "@connectrpc/connect";
import { PlatformError } from "../errors/platform-error.ts";
import type { Actor } from "./actor.ts";
import { Call } from "./call.ts";

/** Who calls, and how. */
export type CallInfo = {
  readonly actor?: Actor | undefined;
  readonly workload?: string | undefined;
  readonly causedBy?: string | undefined;
  readonly locale: Call["locale"];
  readonly requestId: string;
  readonly peer: string;
};

/** Who calls, and how; of a handler's context. */
export function callOf(context: HandlerContext): CallInfo {
  return guardedCall(context);
}

/** The signed-in person; throws TOKEN_MISSING when there is none. */
export function requireActor(context: HandlerContext): Actor {
  const { actor } = guardedCall(context);
  if (actor === undefined) throw new PlatformError("TOKEN_MISSING");
  return actor;
}

/** The call behind a handler's context; throws for a context that did not come through a guard. */
export function guardedCall(context: HandlerContext): Call {
  if (context instanceof Call) return context;
  throw new Error(`${context.method.name} was called past the guard`);
}
