import { type Position, positionOf, resumeToken } from "@dawr/store";
import type { Day } from "../domain/zone-line.ts";
import type { Deps } from "../rpc/deps.ts";
import { changeHub } from "../store/change-hub.ts";
import { changesSince } from "../store/changes.ts";
import { type DayNow, daysTouched, readDays, type WatchedDays } from "./watched-days.ts";

/** Who watches days of a provider. */
type Watcher = {
  /** Some days, as they were at one moment; later calls are of later moments. */
  tell(days: ReadonlyMap<Day, DayNow>): void;
  /** The days cannot be read (any more); nothing follows. */
  fail(error: unknown): void;
};

/** A watcher's place in a feed. */
export type Seat = {
  /** Continues after what was told so far. */
  token(): string;
  leave(): Promise<void>;
};

/** Reads what changed once for all who watch the same days of a provider, however many there are. (AV-05) */
export type ProviderFeeds = { join(watched: WatchedDays, watcher: Watcher): Promise<Seat> };

/** The least time between two looks at a provider, in milliseconds: what changes meanwhile is told at once. */
const intervalMs = 50;

/** Those who asked the same. */
type Group = { readonly watched: WatchedDays; readonly watchers: Set<Watcher>; signed?: Signed };
type Signed = { readonly position: Position; readonly token: string };

type Feed = { readonly groups: Map<string, Group>; readonly position: () => Position; close(): Promise<void> };

/** Opens the feeds of a process: one for each provider that is watched, for as long as it is. */
export function providerFeeds(deps: Deps): ProviderFeeds {
  const hub = changeHub(deps.store);
  const feeds = new Map<string, Promise<Feed>>();

  function feedOf(providerId: string): Promise<Feed> {
    const known = feeds.get(providerId);
    if (known !== undefined) return known;
    const opening = openFeed(deps, hub, providerId);
    feeds.set(providerId, opening);
    // A feed that could not be opened is not kept: the next watcher tries again.
    opening.catch(() => feeds.delete(providerId));
    return opening;
  }

  async function leave(feed: Feed, key: string, group: Group, watcher: Watcher): Promise<void> {
    group.watchers.delete(watcher);
    if (group.watchers.size > 0 || feed.groups.get(key) !== group) return;
    feed.groups.delete(key);
    if (feed.groups.size > 0) return;
    feeds.delete(group.watched.providerId);
    await feed.close();
  }

  return {
    join: async (watched, watcher) => {
      const key = JSON.stringify(watched.query);
      for (;;) {
        const opening = feedOf(watched.providerId);
        const feed = await opening;
        // The last watcher may have left, and closed it, meanwhile.
        if (feeds.get(watched.providerId) !== opening) continue;
        const group = feed.groups.get(key) ?? { watched, watchers: new Set() };
        feed.groups.set(key, group);
        group.watchers.add(watcher);
        return {
          token: () => tokenOf(deps, group, feed.position()),
          leave: () => leave(feed, key, group, watcher),
        };
      }
    },
  };
}

function tokenOf({ keys }: Deps, group: Group, position: Position): string {
  if (group.signed?.position !== position) {
    group.signed = { position, token: resumeToken({ key: keys, query: group.watched.query }, position) };
  }
  return group.signed.token;
}

async function openFeed(deps: Deps, hub: ReturnType<typeof changeHub>, providerId: string): Promise<Feed> {
  const groups = new Map<string, Group>();
  let looking: Promise<void> | undefined;
  let isAsked = false;
  let isOpen = false;
  let timer: NodeJS.Timeout | undefined;

  // Before the first position: what changes between the two would else be missed.
  const leaveHub = await hub.watch(providerId, wake);
  let position = await deps.store.read(positionOf).catch(async (error: unknown) => {
    await leaveHub();
    throw error;
  });
  isOpen = true;
  if (isAsked) wake();
  else lookIn(deps.settings.heartbeatMs);

  /** Looks at once, or when the one that is under way is over. */
  function wake(): void {
    isAsked = true;
    if (isOpen && looking === undefined) looking = lookWhileAsked();
  }

  async function lookWhileAsked(): Promise<void> {
    clearTimeout(timer);
    while (isAsked && isOpen) {
      isAsked = false;
      await Promise.all([look().catch(failAll), new Promise((resolve) => setTimeout(resolve, intervalMs))]);
    }
    looking = undefined;
    // Woken or not: a notice can be lost.
    lookIn(deps.settings.heartbeatMs);
  }

  function lookIn(ms: number): void {
    clearTimeout(timer);
    if (!isOpen) return;
    timer = setTimeout(wake, ms);
    timer.unref();
  }

  async function look(): Promise<void> {
    const told = await deps.store.readSnapshot(async (tx) => {
      const [here, changes] = await Promise.all([positionOf(tx), changesSince(tx, providerId, position.snapshot)]);
      const days = await Promise.all(
        [...groups.values()].map(async (group) => {
          try {
            return { group, days: await readDays(tx, deps, group.watched, daysTouched(group.watched, changes)) };
          } catch (error) {
            return { group, error };
          }
        }),
      );
      return { here, days };
    });
    position = told.here;
    for (const { group, ...found } of told.days) {
      for (const watcher of group.watchers) {
        if ("error" in found) watcher.fail(found.error);
        else if (found.days.size > 0) watcher.tell(found.days);
      }
    }
  }

  function failAll(error: unknown): void {
    for (const { watchers } of groups.values()) for (const watcher of watchers) watcher.fail(error);
  }

  return {
    groups,
    position: () => position,
    close: async () => {
      isOpen = false;
      clearTimeout(timer);
      await Promise.all([leaveHub(), looking]);
    },
  };
}
