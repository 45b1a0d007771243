import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { BookingService } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { onOwnGround } from "../tools/journey/own-ground.ts";
import { join, type Person } from "../tools/journey/people.ts";
import { publicClient, type Urls } from "../tools/journey/platform-client.ts";
import { crowdEnv } from "./journey/crowd.ts";
import { type FreeTime, findFreeTimes } from "./journey/free-times.ts";
import { openWatchers, type Watchers } from "./live/watchers.ts";
import { residentMb } from "./start/resident-mb.ts";
import { startByNpm } from "./start/start-by-npm.ts";
import { percentile, rounded } from "./statistics.ts";

/** How soon everybody who watches a day hears of a change of it. (AV-05) */
export type LiveFigures = {
  readonly subscribers: number;
  /** From asking for a change to hearing of it on the stream, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** By how much the platform's resident memory grew, in MiB. */
  readonly rssMb: number;
  readonly changes: number;
  readonly changesPerSecond: number;
  /** Changes that somebody who watched did not hear of within five seconds. */
  readonly missed: number;
  /** How long it took until all of them watched. */
  readonly openMs: number;
};

const connections = 100;
const streamsEach = 100;
const providers = 200;
const changesPerSecond = 50;
const changingMs = 30_000;
const patienceMs = 5_000;

/** Measures changes that thousands watch; prints a table and answers the figures. */
export function run(): Promise<LiveFigures> {
  return onOwnGround(async (ground) => {
    const platform = await startByNpm(ground, crowdEnv);
    const people = await Promise.all(
      Array.from({ length: 8 }, (_, index) => join(platform.urls, `Customer ${index}`, "en")),
    );
    const times = await oneOfEach(platform.urls);
    const before = await residentMb(platform.pid);
    const begun = performance.now();
    const watchers = openWatchers(platform.urls.gateway, times, { connections, streamsEach });
    await watchers.ready;
    const openMs = rounded(performance.now() - begun);
    console.log(`${connections * streamsEach} streams open after ${openMs} ms`);
    const heard = await change(platform.urls, people, times, watchers);
    const after = await residentMb(platform.pid);
    watchers.leave();
    await platform.stop();
    const p50Ms = rounded(percentile(heard.latencies, 0.5));
    const p99Ms = rounded(percentile(heard.latencies, 0.99));
    const perSecond = rounded(heard.changes / (changingMs / 1_000), 1);
    console.log("changes/s   p50 ms   p99 ms   memory grew MB");
    console.log(
      [perSecond, p50Ms, p99Ms, after - before]
        .map((cell, index) => String(cell).padStart([9, 9, 9, 17][index] ?? 0))
        .join(""),
    );
    return {
      subscribers: connections * streamsEach,
      p50Ms,
      p99Ms,
      rssMb: after - before,
      changes: heard.changes,
      changesPerSecond: perSecond,
      missed: heard.missed,
      openMs,
    };
  });
}

/** One time of each of the providers, in the middle of the day in UTC. */
async function oneOfEach(urls: Urls): Promise<readonly FreeTime[]> {
  const times = await findFreeTimes(urls, 200_000);
  const byProvider = new Map<string, FreeTime>();
  for (const time of times) {
    const hour = (Number(time.startTime.seconds) / 3_600) % 24;
    if (hour >= 7 && hour < 19 && !byProvider.has(time.provider)) byProvider.set(time.provider, time);
  }
  const chosen = [...byProvider.values()].slice(0, providers);
  if (chosen.length < providers) throw new Error(`the demo market has ${chosen.length} providers with free times`);
  return chosen;
}

type Heard = { readonly latencies: number[]; readonly changes: number; readonly missed: number };

/** Holds and releases one time of each provider, turn by turn, so many a second whatever the answers take. */
async function change(
  urls: Urls,
  people: readonly Person[],
  times: readonly FreeTime[],
  watchers: Watchers,
): Promise<Heard> {
  const latencies: number[] = [];
  const open = new Map<string, { readonly askedMs: number; left: number }>();
  watchers.onChange((provider) => {
    const change = open.get(provider);
    if (change === undefined || change.left === 0) return;
    change.left -= 1;
    latencies.push(performance.now() - change.askedMs);
  });
  const bookings = people.map((person) => publicClient(urls, BookingService, person));
  const held = new Map<string, { readonly name: string; readonly by: number }>();
  let missed = 0;
  let changes = 0;

  async function changeOne(turn: number, time: FreeTime): Promise<void> {
    const { provider, service, staffMember, startTime } = time;
    const wasHeld = held.get(provider);
    const last = open.get(provider);
    if (last !== undefined && last.left > 0 && performance.now() - last.askedMs < patienceMs) return;
    missed += last?.left ?? 0;
    const by = wasHeld?.by ?? turn % people.length;
    const client = bookings[by];
    if (client === undefined) return;
    open.set(provider, { askedMs: performance.now(), left: watchers.count(time) });
    changes += 1;
    if (wasHeld !== undefined) {
      held.delete(provider);
      await client.releaseHold({ name: wasHeld.name, requestId: randomUUID() });
      return;
    }
    const items = [{ service, staffChoice: { case: "staffMember" as const, value: staffMember } }];
    const { booking } = await client.holdSlot({ provider, items, startTime, requestId: randomUUID() });
    held.set(provider, { name: booking?.name ?? "", by });
  }

  const begun = performance.now();
  const running: Promise<void>[] = [];
  for (let turn = 0; performance.now() - begun < changingMs; turn++) {
    const time = times[turn % times.length];
    if (time !== undefined) running.push(changeOne(turn, time));
    const due = begun + ((turn + 1) * 1_000) / changesPerSecond;
    await delay(Math.max(0, due - performance.now()));
  }
  await Promise.all(running);
  await delay(patienceMs);
  for (const { left } of open.values()) missed += left;
  return { latencies, changes, missed };
}
