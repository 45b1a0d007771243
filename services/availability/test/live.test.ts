import { randomUUID } from "node:crypto";
import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { anyStaff, at, bookingOf, type Salon, type ServiceWorld, serviceWorld, withStaff } from "./service-world.ts";

let world: ServiceWorld;

beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const monday = { year: 2026, month: 3, day: 2 };

/** Somebody who watches a Monday, and knows its starts as they were last told. */
function watch(salon: Salon, item: SlotItem, resumeToken = "") {
  const stop = new AbortController();
  const seen = { messages: 0, starts: [] as string[], token: "", failure: undefined as unknown };
  const listen = async (): Promise<void> => {
    const ask = { provider: salon.provider, items: [item], startDate: monday, days: 1, resumeToken };
    for await (const message of world.slots.watchAvailability(ask, { signal: stop.signal })) {
      if (message.kind !== WatchKind.HEARTBEAT) seen.messages += 1;
      seen.token = message.resumeToken;
      for (const day of message.days) seen.starts = day.slots.map((slot) => slot.providerLocalStart);
    }
  };
  const ended = listen().catch((error: unknown) => {
    if (!stop.signal.aborted) seen.failure = error;
  });
  return { seen, close: () => stop.abort(), ended };
}

const reserve = (salon: Salon, item: SlotItem, minutes: number) =>
  world.reservations.reserve({
    booking: bookingOf(salon),
    items: [item],
    startTime: at(minutes),
    holdDuration: { seconds: 900n },
    requestId: randomUUID(),
  });

async function startsNow(salon: Salon, item: SlotItem): Promise<readonly string[]> {
  const window = { startTime: at(-10 * 60), endTime: at(14 * 60) };
  const { slots } = await world.slots.findSlots({ provider: salon.provider, items: [item], ...window });
  return slots.map((slot) => slot.providerLocalStart);
}

describe("many watchers of one provider (AV-05)", () => {
  test("given 60 watchers of two questions, when a slot is taken, then each hears of it, and the provider is looked at for all of them together", async () => {
    const salon = await world.salon();
    const items = [withStaff(salon.colour, salon.basma), anyStaff(salon.cut)];
    const watchers = Array.from({ length: 60 }, (_, index) => watch(salon, items[index % 2] ?? anyStaff(salon.cut)));
    await eventually(() => expect(watchers.every(({ seen }) => seen.messages === 1)).toBe(true));
    const before = world.snapshots();
    await reserve(salon, withStaff(salon.colour, salon.basma), 0);
    const [colour, cut] = await Promise.all(items.map((item) => startsNow(salon, item)));
    await eventually(() =>
      expect(watchers.map(({ seen }) => seen.starts)).toEqual(watchers.map((_, index) => [colour, cut][index % 2])),
    );
    // By themselves, sixty watchers would look sixty times; the feed may also have been woken for an earlier change.
    expect(world.snapshots() - before).toBeLessThanOrEqual(3);
    for (const { close } of watchers) close();
    await Promise.all(watchers.map(({ ended }) => ended));
  });

  test("given watchers that come and go while slots are taken, when it is quiet, then each knows the truth", async () => {
    const salon = await world.salon();
    const item = anyStaff(salon.cut);
    const watchers: ReturnType<typeof watch>[] = [];
    await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        // Twelve times, each wanted by two: whoever comes second is refused, and by nothing else.
        await reserve(salon, item, (index % 12) * 40).catch((error: unknown) => {
          expect(reasonOf(error)?.reason).toMatch(/^SLOT_(TAKEN|NOT_OFFERED)$/);
        });
        watchers.push(watch(salon, item));
        if (index % 4 === 3) watchers.shift()?.close();
      }),
    );
    const truth = await startsNow(salon, item);
    await eventually(() => {
      for (const { seen } of watchers)
        expect([seen.failure, seen.messages > 0, seen.starts]).toEqual([undefined, true, truth]);
    });
    const [first] = watchers;
    for (const { close } of watchers) close();
    await Promise.all(watchers.map(({ ended }) => ended));
    // Nobody watches any more; who resumes hears what was missed.
    await reserve(salon, item, minutesOf(truth[0] ?? ""));
    const again = watch(salon, item, first?.seen.token);
    const missed = await startsNow(salon, item);
    await eventually(() => expect(again.seen.starts).toEqual(missed));
    again.close();
    await again.ended;
  });

  test("given two questions, when the service of one is no longer offered, then its watchers are told why and the others go on", async () => {
    const salon = await world.salon();
    const cut = watch(salon, anyStaff(salon.cut));
    const colour = watch(salon, anyStaff(salon.colour));
    await eventually(() => expect([cut.seen.messages, colour.seen.messages]).toEqual([1, 1]));
    await world.store.transaction((tx) =>
      tx.query("update service set active = false where service_id = $1", [salon.colour.split("/").at(-1)]),
    );
    await reserve(salon, anyStaff(salon.cut), 0);
    const truth = await startsNow(salon, anyStaff(salon.cut));
    await eventually(() => expect(cut.seen.starts).toEqual(truth));
    cut.close();
    await Promise.all([cut.ended, colour.ended]);
    expect([cut.seen.failure, reasonOf(colour.seen.failure)?.reason]).toEqual([undefined, "SERVICE_NOT_BOOKABLE"]);
  });
});

/** How many minutes after 10:00 on that Monday. */
function minutesOf(start: string): number {
  return Number(BigInt(Temporal.Instant.from(start).epochMilliseconds / 60_000) - at().seconds / 60n);
}
