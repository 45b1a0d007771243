import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { Booking_State, BookingService, PaymentMethod } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { reasonOf } from "@dawr/rpc";
import { payOnPage } from "../journey/pay.ts";
import type { Person } from "../journey/people.ts";
import { publicClient, type Urls } from "../journey/platform-client.ts";
import { persist } from "./persist.ts";
import type { Random } from "./random.ts";
import type { Seen } from "./record.ts";

/** Services that many want at once. */
export type Target = { readonly provider: string; readonly service: string };

/** One customer's try at a booking, under a platform that may die at any moment. */
export type Journey = {
  readonly urls: Urls;
  readonly person: Person;
  readonly targets: readonly Target[];
  readonly random: Random;
  readonly seen: Seen;
  readonly isOver: () => boolean;
};

const dayMs = 86_400_000;
const ended: ReadonlySet<Booking_State> = new Set([
  Booking_State.EXPIRED,
  Booking_State.CANCELLED,
  Booking_State.RELEASED,
  Booking_State.DECLINED,
]);

/** Searches a time, holds it, and books, pays, gives up, moves or cancels, as the dice fall. */
export async function travel(journey: Journey): Promise<void> {
  const { urls, person, targets, random, seen, isOver } = journey;
  const again = <T>(call: () => Promise<T>): Promise<T> => persist(call, seen, isOver);
  const target = random.pick(targets);
  const bookings = publicClient(urls, BookingService, person);
  const from = Date.now() + 2 * dayMs;
  const { slots } = await again(() =>
    publicClient(urls, AvailabilityService).findSlots({
      provider: target.provider,
      items: [{ service: target.service, staffChoice: { case: "anyStaff", value: true } }],
      startTime: timestampFromMs(from),
      endTime: timestampFromMs(from + 10 * dayMs),
    }),
  );
  // The first few: so that several want the same.
  const slot = slots[random.below(Math.min(8, slots.length))];
  if (slot?.startTime === undefined) return;
  const { startTime } = slot;

  const requestId = randomUUID();
  seen.holds.set(person.account, (seen.holds.get(person.account) ?? new Set()).add(requestId));
  const items = [{ service: target.service, staffChoice: { case: "anyStaff" as const, value: true } }];
  const held = await refusable(
    () => again(() => bookings.holdSlot({ provider: target.provider, items, startTime, requestId })),
    seen,
  );
  const name = held?.booking?.name;
  if (name === undefined) return;
  if (random.chance(0.1)) {
    seen.abandoned += 1;
    if (random.chance(0.5))
      await refusable(() => again(() => bookings.releaseHold({ name, requestId: randomUUID() })), seen);
    return;
  }
  const createId = randomUUID();
  const created = await refusable(
    () => again(() => bookings.createBooking({ name, paymentMethod: PaymentMethod.ONLINE, requestId: createId })),
    seen,
  );
  const payUrl = created?.payment?.payUrl ?? "";
  if (payUrl === "") return;
  await pay(journey, payUrl);
  const state = await untilSettled(journey, name);
  if (state === Booking_State.CONFIRMED) {
    seen.confirmed.add(name);
    seen.journeys += 1;
    if (random.chance(0.4)) await move(journey, name, target);
    if (random.chance(0.25)) await cancel(journey, name);
  }
}

async function pay({ random, seen, isOver }: Journey, payUrl: string): Promise<void> {
  const card = random.chance(0.1)
    ? "decline"
    : random.chance(0.1)
      ? "lost"
      : random.chance(0.1)
        ? "challenge"
        : "success";
  if (card === "decline") seen.declined += 1;
  else seen.paid.add(payUrl);
  for (;;) {
    try {
      return await payOnPage(payUrl, card);
    } catch {
      // The sandbox dies with the platform, and its lost-response card cuts the line: the page shows what became of it.
      if (card === "lost" || isOver()) return;
      seen.repeats += 1;
      await delay(200);
      const page = await fetch(payUrl).catch(() => undefined);
      if (page?.ok && !(await page.text()).includes('name="number"')) return;
    }
  }
}

async function untilSettled(journey: Journey, name: string): Promise<Booking_State> {
  const { urls, person, seen, isOver } = journey;
  const bookings = publicClient(urls, BookingService, person);
  const until = performance.now() + 15_000;
  for (;;) {
    const booking = await persist(() => bookings.getBooking({ name }), seen, isOver);
    if (booking.state === Booking_State.CONFIRMED || ended.has(booking.state)) return booking.state;
    if (performance.now() > until || isOver()) return booking.state;
    await delay(25);
  }
}

/** Moves to another time, at times while cancelling is under way too. */
async function move(journey: Journey, name: string, { provider, service }: Target): Promise<void> {
  const { urls, person, random, seen, isOver } = journey;
  const again = <T>(call: () => Promise<T>): Promise<T> => persist(call, seen, isOver);
  const bookings = publicClient(urls, BookingService, person);
  const { items } = await again(() => bookings.getBooking({ name }));
  // Terms let a customer move what is more than a day away.
  const from = Date.now() + 3 * dayMs;
  const { slots } = await again(() =>
    publicClient(urls, AvailabilityService).findSlots({
      provider,
      items: [{ service, staffChoice: { case: "staffMember", value: items[0]?.staffMember ?? "" } }],
      startTime: timestampFromMs(from),
      endTime: timestampFromMs(from + 10 * dayMs),
      ignoreBooking: name,
    }),
  );
  const startTime = slots[random.below(Math.min(8, slots.length))]?.startTime;
  if (startTime === undefined) return;
  const requestId = randomUUID();
  const moving = refusable(() => again(() => bookings.rescheduleBooking({ name, startTime, requestId })), seen);
  if (random.chance(0.2)) await Promise.all([moving, cancel(journey, name)]);
  else if ((await moving) !== undefined) seen.moves += 1;
}

async function cancel({ urls, person, seen, isOver }: Journey, name: string): Promise<void> {
  const bookings = publicClient(urls, BookingService, person);
  const requestId = randomUUID();
  // Noted before it is asked: once asked, either outcome may be found.
  seen.cancelled.add(name);
  const quote = await refusable(() => persist(() => bookings.quoteCancellation({ name }), seen, isOver), seen);
  const acceptedPenalty = quote?.penalty;
  if (acceptedPenalty === undefined) return;
  await refusable(
    () => persist(() => bookings.cancelBooking({ name, acceptedPenalty, reason: "torture", requestId }), seen, isOver),
    seen,
  );
}

/** The answer of a call, or undefined when the platform refused it for a reason that races explain. */
async function refusable<T>(call: () => Promise<T>, seen: Seen): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!expected.has(reasonOf(error)?.reason ?? "")) throw error;
    seen.conflicts += 1;
    return undefined;
  }
}

const expected: ReadonlySet<string> = new Set([
  "SLOT_TAKEN",
  "SLOT_NOT_OFFERED",
  "HOLD_EXPIRED",
  "HOLD_LIMIT_REACHED",
  "BOOKING_STATE_WRONG",
  "BOOKING_NOT_CANCELLABLE",
  "PENALTY_NOT_ACCEPTED",
  "RESCHEDULE_LIMIT_REACHED",
  "CONTENTION",
  "DEADLINE_EXCEEDED",
  "PAYMENT_UNAVAILABLE",
]);
