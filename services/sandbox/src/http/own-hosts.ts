import { SandboxError } from "../domain/errors.ts";
import type { Call, Route } from "./exchange.ts";

/** Lets only those in who call from this machine, by a name of this machine. */
export function onlyLoopback(handle: Route["handle"]): Route["handle"] {
  return (call) => {
    if (!isLoopbackAddress(call.remoteAddress) || !isLoopbackName(call.url.hostname))
      throw new SandboxError("loopback_only");
    return handle(call);
  };
}

/** Lets only those in who call by our own name: a page elsewhere whose name was made to lead here is kept out. */
export function onlyOwnName(publicUrl: () => string, handle: Route["handle"]): Route["handle"] {
  return (call: Call) => {
    const { hostname } = call.url;
    if (!isLoopbackName(hostname) && hostname !== new URL(publicUrl()).hostname)
      throw new SandboxError("not_found", { path: call.url.pathname });
    return handle(call);
  };
}

function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
