import type { Store } from "@dawr/store";
import { changeChannel } from "./changes.ts";

/** Wakes who watches a provider: one ear on the channel for all watchers of this process. */
export type ChangeHub = {
  /** Calls back when something of the provider changed, or may have while the connection was away. */
  watch(providerId: string, onWake: () => void): Promise<() => Promise<void>>;
};

/** Opens a hub; it listens from the first watcher on. */
export function changeHub(store: Pick<Store, "listen">): ChangeHub {
  const watchers = new Map<string, Set<() => void>>();
  let listening: Promise<unknown> | undefined;

  function hear(providerId: string): void {
    const woken =
      providerId === "" ? [...watchers.values()].flatMap((set) => [...set]) : (watchers.get(providerId) ?? []);
    for (const wake of woken) wake();
  }

  return {
    watch: async (providerId, onWake) => {
      // A failed attempt is not kept: the next watcher tries again.
      listening ??= store.listen(changeChannel, hear).catch((error: unknown) => {
        listening = undefined;
        throw error;
      });
      await listening;
      // Two watches may bring the same function.
      const wake = () => onWake();
      const set = watchers.get(providerId) ?? new Set();
      watchers.set(providerId, set.add(wake));
      return async () => {
        set.delete(wake);
        if (set.size === 0 && watchers.get(providerId) === set) watchers.delete(providerId);
      };
    },
  };
}
