import { type Position, positionOf, resumeToken } from "@dawr/store";
import type { Day } from "../domain/zone-line.ts";
import type { Deps } from "../rpc/deps.ts";
import { type ChangeHub, changeHub } from "../store/change-hub.ts";
import { changesSince } from "../store/changes.ts";
import { allDays, type DayNow, daysTouched, readDays, type WatchedDays } from "./watched-days.ts";

/** Who watches days of a provider. */
type Watcher = {
  /** Days that are not as they were told before; later calls are of later moments. */
  tell(days: ReadonlyMap<Day, DayNow>): void;
  /** The days cannot be read (any more); nothing follows. */
  fail(error: unknown): void;
};

/** A watcher's place in a feed. */
export type Seat = {
  /** All watched days, as everybody in the feed has been told of them. */
  days(): ReadonlyMap<Day, DayNow>;
  /** Continues after that. */
  token(): string;
  leave(): Promise<void>;
};

/** Reads days once for all who watch the same days of a provider, however many they are. (AV-05) */
export type ProviderFeeds = { join(watched: WatchedDays, watcher: Watcher): Promise<Seat> };

/** The least time between two looks at a provider, in milliseconds: what changes meanwhile is told at once. */
const intervalMs = 50;
/** After so long, in milliseconds, all days are read again: notice, horizon and hot slots go on with the time. (S7, S11) */
const refreshMs = 60_000;

/** Those who asked the same. */
type Group = {
  readonly watched: WatchedDays;
  readonly watchers: Set<Watcher>;
  readonly first: PromiseWithResolvers<void>;
  days: ReadonlyMap<Day, DayNow>;
  /** When all days were read last, on the clock of performance.now(). */
  readAllMs: number;
  signed?: { readonly position: Position; readonly token: string };
};

type Feed = {
  readonly groups: Map<string, Group>;
  position(): Position;
  isOpen(): boolean;
  wake(): void;
  close(): Promise<void>;
};

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
    if (group.watchers.size === 0 && feed.groups.get(key) === group) feed.groups.delete(key);
    // As long as it is open, it is the provider's only one.
    if (feed.groups.size > 0 || !feed.isOpen()) return;
    feeds.delete(group.watched.providerId);
    await feed.close();
  }

  async function enter(watched: WatchedDays, key: string): Promise<readonly [Feed, Group]> {
    for (;;) {
      const opening = feedOf(watched.providerId);
      const feed = await opening;
      // The last watcher may have left, and closed it, meanwhile.
      if (feeds.get(watched.providerId) !== opening) continue;
      const known = feed.groups.get(key);
      if (known !== undefined) return [feed, known];
      const group = newGroup(watched);
      feed.groups.set(key, group);
      feed.wake();
      return [feed, group];
    }
  }

  return {
    join: async (watched, watcher) => {
      const key = JSON.stringify(watched.query);
      const [feed, group] = await enter(watched, key);
      group.watchers.add(watcher);
      try {
        await group.first.promise;
      } catch (error) {
        await leave(feed, key, group, watcher);
        throw error;
      }
      return {
        days: () => group.days,
        token: () => tokenOf(deps, group, feed.position()),
        leave: () => leave(feed, key, group, watcher),
      };
    },
  };
}

function newGroup(watched: WatchedDays): Group {
  const first = Promise.withResolvers<void>();
  // Whoever waits for it hears of a failure; there may be nobody yet.
  first.promise.catch(() => undefined);
  return { watched, watchers: new Set(), first, days: new Map(), readAllMs: Number.NEGATIVE_INFINITY };
}

function tokenOf({ keys }: Deps, group: Group, position: Position): string {
  if (group.signed?.position !== position) {
    group.signed = { position, token: resumeToken({ key: keys, query: group.watched.query }, position) };
  }
  return group.signed.token;
}

async function openFeed(deps: Deps, hub: ChangeHub, providerId: string): Promise<Feed> {
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

  /** Looks at once, or when the look that is under way is over. */
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
    if (!isOpen) return;
    // Woken or not: a notice can be lost.
    timer = setTimeout(wake, deps.settings.heartbeatMs);
    timer.unref();
  }

  async function look(): Promise<void> {
    const lookedMs = performance.now();
    const { here, found } = await deps.store.readSnapshot(async (tx) => {
      const [here, changes] = await Promise.all([positionOf(tx), changesSince(tx, providerId, position.snapshot)]);
      const found = await Promise.all(
        [...groups.values()].map(async (group) => {
          const isAll = lookedMs - group.readAllMs >= refreshMs;
          const wanted = isAll ? allDays(group.watched) : daysTouched(group.watched, changes);
          return await readDays(tx, deps, group.watched, wanted).then(
            (days) => ({ group, days, isAll }),
            (error: unknown) => ({ group, error }),
          );
        }),
      );
      return { here, found };
    });
    position = here;
    for (const one of found) {
      if ("error" in one) fail(one.group, one.error);
      else settle(one.group, one.days, one.isAll ? lookedMs : one.group.readAllMs);
    }
  }

  function settle(group: Group, read: ReadonlyMap<Day, DayNow>, readAllMs: number): void {
    const news = new Map([...read].filter(([day, { print }]) => group.days.get(day)?.print !== print));
    group.days = new Map([...group.days, ...news]);
    group.readAllMs = readAllMs;
    group.first.resolve();
    if (news.size > 0) for (const watcher of group.watchers) watcher.tell(news);
  }

  function fail(group: Group, error: unknown): void {
    // Who comes later begins anew.
    for (const [key, known] of groups) if (known === group) groups.delete(key);
    group.first.reject(error);
    for (const watcher of group.watchers) watcher.fail(error);
  }

  function failAll(error: unknown): void {
    for (const group of [...groups.values()]) fail(group, error);
  }

  return {
    groups,
    position: () => position,
    isOpen: () => isOpen,
    wake,
    close: async () => {
      isOpen = false;
      clearTimeout(timer);
      await Promise.all([leaveHub(), looking]);
    },
  };
}
