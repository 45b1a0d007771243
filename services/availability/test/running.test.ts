import { randomUUID } from "node:crypto";
import { parseConfig } from "@dawr/config";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { type Platform, testPlatform } from "@dawr/testkit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { config, defaultRules } from "../src/config.ts";
import { importResources } from "../src/import-resources.ts";
import { availability } from "../src/service.ts";
import { anyStaff, bookingOf, salonNames, salonResources } from "./service-world.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await testPlatform([availability]);
});
afterAll(() => platform.stop());

test("given the running service and a subscriber, when a hold of a second runs out, then the slot comes back by itself", async () => {
  const salon = salonNames();
  const defaults = defaultRules(parseConfig(config, {}));
  await platform
    .service("availability")
    .store.transaction((tx) => importResources(tx, salonResources(salon), defaults));
  const tomorrow = Temporal.Now.zonedDateTimeISO("Asia/Amman").toPlainDate().add({ days: 1 });
  const date = { year: tomorrow.year, month: tomorrow.month, day: tomorrow.day };
  const slots = platform.internal(AvailabilityService);
  const stop = new AbortController();
  const stream = slots
    .watchAvailability(
      { provider: salon.provider, items: [anyStaff(salon.colour)], startDate: date, days: 1 },
      { signal: stop.signal },
    )
    [Symbol.asyncIterator]();
  const counts: number[] = [];
  const countUntil = async (wanted: number): Promise<void> => {
    for (;;) {
      const { value, done } = await stream.next();
      if (done) throw new Error("the stream ended");
      for (const day of value.days) counts.push(day.slots.length);
      if (counts.at(-1) === wanted) return;
    }
  };
  await countUntil(29);
  const startTime = {
    seconds: BigInt(tomorrow.toZonedDateTime({ timeZone: "Asia/Amman", plainTime: "12:00" }).epochMilliseconds / 1000),
  };
  await platform.internal(ReservationService, { workload: "booking" }).reserve({
    booking: bookingOf(salon),
    items: [anyStaff(salon.colour)],
    startTime,
    holdDuration: { seconds: 1n },
    requestId: randomUUID(),
  });
  await countUntil(22);
  await countUntil(29);
  stop.abort();
  expect(counts).toEqual([29, 22, 29]);
});
