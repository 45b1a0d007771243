import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AvailabilityService,
  type DaySlots,
  WatchAvailabilityResponseSchema,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { type Changes, readChanges, type Tx, watchChanges } from "@dawr/store";
import type { Day } from "../domain/zone-line.ts";
import { type ProviderFeeds, providerFeeds, type Seat } from "../live/provider-feeds.ts";
import { type DayNow, daysTouched, type WatchedDays, watchedDaysOf } from "../live/watched-days.ts";
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

/** One watcher: it starts with what its feed has told, or with what of that it missed since its token, and hears the rest. */
function watching({ store, keys, settings }: Deps, feeds: ProviderFeeds, watched: WatchedDays) {
  const waiting = new Map<Day, DayNow>();
  let seat: Seat | undefined;
  let hasBegun = false;
  let failure: { readonly error: unknown } | undefined;

  const missed = {
    store,
    key: keys,
    query: watched.query,
    resumeFor: settings.resumeFor,
    // Of a snapshot, the feed has everything.
    read: async (tx: Tx, since: string | undefined) =>
      since === undefined ? [] : await changesSince(tx, watched.providerId, since),
  };

  /** What there is to tell first. */
  async function begin(token: string, { days }: Seat): Promise<Pick<Changes<DayNow>, "kind" | "items">> {
    if (token === "") return { kind: "snapshot", items: [...days().values()] };
    const { kind, items } = await readChanges(missed, token);
    if (kind === "snapshot") return { kind, items: [...days().values()] };
    const touched = daysTouched(watched, items);
    // What the feed told meanwhile came after what was missed.
    return { kind, items: [...days()].flatMap(([day, now]) => (touched.has(day) || waiting.has(day) ? [now] : [])) };
  }

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
    look: async (token: string): Promise<Changes<DaySlots>> => {
      if (failure !== undefined) throw failure.error;
      if (seat === undefined) throw new TypeError("looked before the feed was joined");
      const first = hasBegun ? undefined : await begin(token, seat);
      hasBegun = true;
      const { kind, items } = first ?? { kind: "changes" as const, items: [...waiting.values()] };
      waiting.clear();
      return { kind, items: items.map(({ slots }) => slots), token: seat.token() };
    },
  };
}
