import type { Call } from "../call/call.ts";
import { headerNames } from "../call/headers.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { Auth } from "./auth.ts";

/** Proves the person and the workload that the call names. Answers undefined, not a promise, when it names none. */
export function authenticate(call: Call, auth: Auth): Promise<void> | undefined {
  const user = call.headers.get(headerNames.user);
  const workload = call.workload === undefined ? call.headers.get(headerNames.workload) : undefined;
  if (call.workload !== undefined) trust(call, call.workload);
  if (user === undefined && workload === undefined) return undefined;
  const token = user === undefined ? undefined : bearerToken(user);
  const knownWorkload = workload === undefined ? undefined : auth.knownWorkload?.(workload);
  const knownUser = token === undefined ? undefined : auth.knownUser?.(token);
  if (knownWorkload !== undefined) trust(call, knownWorkload);
  call.actor = knownUser;
  const unprovenWorkload = knownWorkload === undefined ? workload : undefined;
  const unprovenUser = knownUser === undefined ? token : undefined;
  if (unprovenWorkload === undefined && unprovenUser === undefined) return undefined;
  return prove(call, auth, unprovenUser, unprovenWorkload);
}

async function prove(call: Call, auth: Auth, token: string | undefined, workload: string | undefined): Promise<void> {
  if (workload !== undefined) trust(call, await auth.verifyWorkload(workload));
  if (token !== undefined) call.actor = await auth.verifyUser(token);
}

function trust(call: Call, workload: string): void {
  call.isTrusted = true;
  // Who only passes on what a stranger sent must not lend the stranger its own rights.
  call.workload = call.headers.get(headerNames.relayed) === "1" ? undefined : workload;
}

function bearerToken(authorization: string): string {
  const isBearer =
    authorization.length > scheme.length && authorization.slice(0, scheme.length).toLowerCase() === scheme;
  if (!isBearer) throw new PlatformError("TOKEN_INVALID");
  return authorization.slice(scheme.length);
}

const scheme = "bearer ";
