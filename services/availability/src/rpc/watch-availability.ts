import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AvailabilityService,
  type DaySlots,
  WatchAvailabilityResponseSchema,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { readChanges, type Tx, watchChanges } from "@dawr/store";
import type { Day } from "../domain/zone-line.ts";
import { type ProviderFeeds, providerFeeds, type Seat } from "../live/provider-feeds.ts";
import { allDays, type DayNow, daysTouched, readDays, type WatchedDays, watchedDaysOf } from "../live/watched-days.ts";
import { changesSince } from "../store/changes.ts";
import type { Deps } from "./deps.ts";

/** Watches the slots of up to 7 days: all of them first, then each day whose slots change. (AV-05) */
export const watchAvailabilityRpc = (deps: Deps): ServiceImpl<typeof AvailabilityService>["watchAvailability"] => {
  const feeds = providerFeeds(deps);
  return async function* (request, context) {
    const messages = watchChanges<DaySlots>({
      ...watching(deps, feeds, watchedDaysOf(request)),
      resumeToken: request.resumeToken,
      heartbeatMs: deps.settings.heartbeatMs,
      signal: context.signal,
    });
    for await (const { kind, token, items } of messages)
      yield create(WatchAvailabilityResponseSchema, { kind: KINDS[kind], resumeToken: token, days: [...items] });
  };
};

const KINDS = { snapshot: WatchKind.SNAPSHOT, changes: WatchKind.CHANGES, heartbeat: WatchKind.HEARTBEAT } as const;

/**
 * One watcher: it reads its days once by itself, and is then told by the provider's feed. What the feed told meanwhile may be
 * older than what was read; a change after that is told again, so that the last word is always the newest.
 */
function watching(deps: Deps, feeds: ProviderFeeds, watched: WatchedDays) {
  const waiting = new Map<Day, DayNow>();
  /** What the watcher knows of each day. */
  const known = new Map<Day, string>();
  let seat: Seat | undefined;
  let hasRead = false;
  let failure: { readonly error: unknown } | undefined;

  /** Those of the days that are not as the watcher knows them. */
  function news(days: ReadonlyMap<Day, DayNow>): readonly DaySlots[] {
    return [...days].flatMap(([day, { slots, print }]) => {
      if (known.get(day) === print) return [];
      known.set(day, print);
      return [slots];
    });
  }

  const source = {
    store: deps.store,
    key: deps.keys,
    query: watched.query,
    resumeFor: deps.settings.resumeFor,
    read: async (tx: Tx, since: string | undefined) => {
      if (since === undefined) {
        const days = await readDays(tx, deps, watched, allDays(watched));
        known.clear();
        return news(days);
      }
      const changes = await changesSince(tx, watched.providerId, since);
      return news(await readDays(tx, deps, watched, daysTouched(watched, changes)));
    },
  };

  return {
    wake: async (onWake: () => void) => {
      seat = await feeds.join(watched, {
        tell: (days) => {
          for (const [day, now] of days) waiting.set(day, now);
          onWake();
        },
        fail: (error) => {
          failure = { error };
          onWake();
        },
      });
      return seat.leave;
    },
    look: async (token: string) => {
      if (failure !== undefined) throw failure.error;
      if (!hasRead) {
        hasRead = true;
        return await readChanges(source, token);
      }
      const items = news(waiting);
      waiting.clear();
      return { kind: "changes" as const, items, token: seat?.token() ?? token };
    },
  };
}
