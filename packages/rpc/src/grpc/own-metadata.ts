import { Metadata } from "@grpc/grpc-js";
import { headerNames } from "../call/headers.ts";

// Tokens live for minutes: asking for one with each call would cost more than it brings.
const freshForMs = 1000;

/** What every call of a caller carries: its workload's token, asked for anew every second. */
export function ownMetadata(
  workloadToken: (() => string | Promise<string>) | undefined,
): () => Metadata | Promise<Metadata> {
  if (workloadToken === undefined) {
    const none = new Metadata();
    return () => none;
  }
  let known: Metadata | undefined;
  let untilMs = 0;

  function remember(token: string): Metadata {
    known = new Metadata();
    known.set(headerNames.workload, token);
    untilMs = performance.now() + freshForMs;
    return known;
  }

  return () => {
    if (known !== undefined && performance.now() < untilMs) return known;
    const token = workloadToken();
    return typeof token === "string" ? remember(token) : token.then(remember);
  };
}
