import type { Store } from "@dawr/store";
import { mailChannel } from "../store/messages.ts";

/** Tells who waits that mail has come. */
export type MailWatch = {
  /** Resolves when mail comes, after `timeoutMs`, or when the signal aborts; arm it before looking, so that none is missed. */
  next(timeoutMs: number, signal: AbortSignal): Promise<void>;
  follow(): Promise<() => Promise<void>>;
};

/** Watches the database for mail, whichever replica took it. */
export function mailWatch(store: Store): MailWatch {
  const waiting = new Set<() => void>();
  return {
    next: (timeoutMs, signal) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          waiting.delete(end);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, timeoutMs);
        waiting.add(end);
        signal.addEventListener("abort", end);
        if (signal.aborted) end();
      }),
    follow: () =>
      store.listen(mailChannel, () => {
        for (const wake of [...waiting]) wake();
      }),
  };
}
