import type { ChannelOptions } from "./caller.ts";

/** Calls back once when the caller gives up; returns what takes the listener away again. */
export function onCancel(options: ChannelOptions | undefined, cancel: () => void): () => void {
  if (options?.onAbort !== undefined) return options.onAbort(cancel);
  const signal = options?.signal;
  if (signal === undefined) return stay;
  if (signal.aborted) {
    cancel();
    return stay;
  }
  signal.addEventListener("abort", cancel, { once: true });
  return () => signal.removeEventListener("abort", cancel);
}

function stay(): void {
  // There is nothing to take away.
}
