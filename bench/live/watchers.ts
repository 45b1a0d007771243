import { createClient } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { AvailabilityService, type Slot } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import type { FreeTime } from "../journey/free-times.ts";

/** Everybody who watches, on streams of a few connections. */
export type Watchers = {
  /** Resolves when each of them has heard how things stand. */
  readonly ready: Promise<void>;
  /** How many watch the day of a time. */
  count(time: FreeTime): number;
  /** Calls back, for each of them who hears of a change of a provider's day, with the provider. */
  onChange(hear: (provider: string) => void): void;
  leave(): void;
};

/** Opens so many streams on so many HTTP/2 connections, shared out among the times' providers. */
export function openWatchers(
  gateway: string,
  times: readonly FreeTime[],
  { connections, streamsEach }: { readonly connections: number; readonly streamsEach: number },
): Watchers {
  const over = new AbortController();
  const counts = new Map<string, number>();
  let hear = (_provider: string): void => {};
  const started: Promise<void>[] = [];
  for (let connection = 0; connection < connections; connection++) {
    const client = createClient(
      AvailabilityService,
      createConnectTransport({ baseUrl: gateway, httpVersion: "2", sessionManager: new Http2SessionManager(gateway) }),
    );
    for (let stream = 0; stream < streamsEach; stream++) {
      const time = times[(connection * streamsEach + stream) % times.length];
      if (time === undefined) throw new Error("there is nothing to watch");
      counts.set(time.provider, (counts.get(time.provider) ?? 0) + 1);
      const first = Promise.withResolvers<void>();
      started.push(first.promise);
      const listen = async (): Promise<void> => {
        for await (const { kind, days } of client.watchAvailability(askOf(time), {
          signal: over.signal,
          timeoutMs: 0,
        })) {
          if (kind === WatchKind.SNAPSHOT) first.resolve();
          else if (days.length > 0) hear(time.provider);
        }
      };
      listen().catch((error: unknown) => {
        if (!over.signal.aborted) first.reject(error);
      });
    }
  }
  return {
    ready: Promise.all(started).then(() => undefined),
    count: ({ provider }) => counts.get(provider) ?? 0,
    onChange: (callback) => {
      hear = callback;
    },
    leave: () => over.abort(),
  };
}

/** The day on which a time lies, for the service that it is of. */
function askOf({ provider, service, startTime }: FreeTime) {
  const { year, month, day } = dayOf(startTime);
  return {
    provider,
    items: [{ service, staffChoice: { case: "anyStaff" as const, value: true } }],
    startDate: { year, month, day },
    days: 1,
  };
}

// Noon of the demo's four cities lies on the same date in UTC; times near midnight are not taken.
function dayOf(startTime: NonNullable<Slot["startTime"]>): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(Number(startTime.seconds) * 1_000)
    .toZonedDateTimeISO("UTC")
    .toPlainDate();
}
