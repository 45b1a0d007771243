import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Seen } from "./record.ts";

/** Codes after which nobody knows what happened: the same request, with the same id, is sent again. */
const unknown: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Canceled,
  Code.Unknown,
  Code.Aborted,
  Code.Internal,
]);

/** Repeats a call until the platform answers it, as a good client does; a refusal with a reason is an answer. */
export async function persist<T>(call: () => Promise<T>, seen: Seen, isOver: () => boolean): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isAway(error) || isOver()) throw error;
      seen.repeats += 1;
      await delay(100 + Math.random() * 200);
    }
  }
}

/** Whether an error says nothing of what has become of the call. */
function isAway(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  if (!(error instanceof ConnectError)) return /fetch failed|ECONN|socket/i.test(String(error));
  // A refusal of the platform carries its reason; a dead connection does not.
  const isRefusal = error.details.length > 0 && error.code !== Code.Unavailable && error.code !== Code.DeadlineExceeded;
  return !isRefusal && unknown.has(error.code);
}
