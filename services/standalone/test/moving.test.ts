import { randomUUID } from "node:crypto";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { AvailabilityService, RefusalKind, SlotClause } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import {
  type Booking,
  Booking_State,
  BookingService,
  PaymentMethod,
  SlotConflictSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type MarketPlatform, openMarketPlatform } from "./market-platform.ts";

const hourMs = 3_600_000;

let world: MarketPlatform;
let provider: string;
let service: string;
/** Two who can serve it. */
let staff: readonly string[];
let ownerToken: string;

beforeAll(async () => {
  world = await openMarketPlatform();
  provider = world.market.ownedProvider;
  const owner = `accounts/${randomUUID()}`;
  const permissions = ["bookings.read", "bookings.write", "schedule.write", "menu.write"];
  world.memberships.set(owner, [{ provider, permissions }]);
  ownerToken = await world.sign(owner);
  const { staffMembers } = await world.platform.client(StaffService).listStaffMembers({ parent: provider });
  const able = Map.groupBy(
    staffMembers.flatMap(({ name, skills }) => skills.map((skill) => ({ name, service: skill.service }))),
    (skill) => skill.service,
  );
  const [shared] = [...able].filter(([, those]) => those.length > 1);
  if (shared === undefined) throw new Error("nobody can stand in for another in the demo market");
  service = shared[0];
  staff = shared[1].map(({ name }) => name);
}, 120_000);

afterAll(() => world?.platform.stop());

const wish = (staffMember = staff[0] ?? "") => [
  { service, staffChoice: { case: "staffMember" as const, value: staffMember } },
];
const members = () => world.platform.client(ReservationService, { token: ownerToken });
const owners = () => world.platform.client(BookingService, { token: ownerToken });

/** The starts that are free three days from now and later. */
async function starts(ignoreBooking = "", items = wish()): Promise<readonly number[]> {
  const from = Date.now() + 72 * hourMs;
  const { slots } = await world.platform.client(AvailabilityService).findSlots({
    provider,
    items,
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(from + 6 * 24 * hourMs),
    ignoreBooking,
  });
  return slots.flatMap(({ startTime }) => (startTime === undefined ? [] : [timestampMs(startTime)]));
}

async function customer() {
  const bookings = world.platform.client(BookingService, { token: await world.sign(`accounts/${randomUUID()}`) });
  return {
    bookings,
    book: async (startMs: number): Promise<Booking> => {
      const wanted = { provider, items: wish(), startTime: timestampFromMs(startMs), requestId: randomUUID() };
      const { booking } = await bookings.holdSlot(wanted);
      const name = booking?.name ?? "";
      return await bookings.createBooking({ name, paymentMethod: PaymentMethod.CASH, requestId: randomUUID() });
    },
    move: ({ name }: Booking, startMs: number) =>
      bookings.rescheduleBooking({ name, startTime: timestampFromMs(startMs), requestId: randomUUID() }),
  };
}

const ms = (time: Timestamp | undefined) => (time === undefined ? 0 : timestampMs(time));
const reasonFor = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => reasonOf(error)?.reason,
  );

describe("moving on a whole platform", () => {
  test("given a booking, when it moves onto a part of its own time, then the rest is free, and it shows what is reserved", async () => {
    const ana = await customer();
    const all = await starts();
    const first = all.find((start) => all.includes(start + hourMs / 4));
    if (first === undefined) throw new Error("the calendar has no two starts in a row");
    const booking = await ana.book(first);
    expect(await starts()).not.toContain(first + hourMs / 4);
    expect(await starts(booking.name)).toContain(first + hourMs / 4);
    const moved = await ana.move(booking, first + hourMs / 4);
    expect(moved).toMatchObject({ state: Booking_State.CONFIRMED, rescheduleCount: 1, price: booking.price });
    const range = { startTime: timestampFromMs(first), endTime: timestampFromMs(first + 12 * hourMs) };
    const { reservations } = await members().listReservations({ parent: provider, range });
    const reservation = reservations.find((one) => one.booking === booking.name);
    expect([reservation?.startTime, reservation?.endTime]).toEqual([moved.startTime, moved.endTime]);
  }, 60_000);

  test("given two who want one time at once, then one has it, the other keeps the old one and is told what else there is", async () => {
    const [ana, ben] = [await customer(), await customer()];
    const free = await starts();
    const [early = 0, late = 0] = [free[0], free.at(-1)];
    const apart = free.filter((start) => Math.abs(start - early) > 3 * hourMs && Math.abs(start - late) > 3 * hourMs);
    const wanted = apart[Math.floor(apart.length / 2)] ?? 0;
    const [first, second] = [await ana.book(early), await ben.book(late)];
    const outcomes = await Promise.allSettled([ana.move(first, wanted), ben.move(second, wanted)]);
    const [lost, ...more] = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect([reasonOf(lost)?.reason, more]).toEqual(["SLOT_TAKEN", []]);
    const [conflict] = ConnectError.from(lost).findDetails(SlotConflictSchema);
    expect(conflict?.alternatives).toHaveLength(3);
    const now = await Promise.all([
      ana.bookings.getBooking({ name: first.name }),
      ben.bookings.getBooking({ name: second.name }),
    ]);
    expect(now.map(({ startTime }) => ms(startTime)).filter((start) => start === wanted)).toHaveLength(1);
    // They would like to change places: neither may.
    const [a = 0, b = 0] = now.map(({ startTime }) => ms(startTime));
    expect(await Promise.all([reasonFor(ana.move(first, b)), reasonFor(ben.move(second, a))])).toEqual([
      "SLOT_TAKEN",
      "SLOT_TAKEN",
    ]);
  }, 60_000);

  test("given somebody who leaves, then their bookings are listed until others serve them, and so are time off and what is accepted", async () => {
    const ana = await customer();
    const [leaver = "", other = ""] = staff;
    const both = new Set(await starts("", wish(other)));
    const start = (await starts()).find((one) => both.has(one));
    if (start === undefined) throw new Error("the two are never free at once");
    const booking = await ana.book(start);
    const listed = async () =>
      (await members().listConflicts({ parent: provider, pageSize: 100 })).conflicts.filter(
        (conflict) => conflict.booking === booking.name,
      );
    expect(await listed()).toEqual([]);

    const range = { startTime: timestampFromMs(start - hourMs), endTime: timestampFromMs(start + hourMs) };
    const off = await world.platform.client(ScheduleService, { token: ownerToken }).createTimeOff({
      parent: provider,
      timeOff: { subject: leaver, range },
      requestId: randomUUID(),
    });
    expect(off.conflictingBookings).toContain(booking.name);
    const accept = {
      name: booking.name,
      staffChoices: [{ staffMember: leaver }],
      overrideReason: "she comes in for it",
    };
    await owners().reassignBooking({ ...accept, requestId: randomUUID() });
    expect(await listed()).toEqual([]);

    await world.platform
      .client(StaffService, { token: ownerToken })
      .archiveStaffMember({ name: leaver, requestId: randomUUID() });
    await eventually(async () =>
      expect((await listed())[0]?.refusals).toMatchObject([
        { clause: SlotClause.STAFF, kind: RefusalKind.NOT_BOOKABLE, staffMember: leaver },
      ]),
    );
    expect(await reasonFor(ana.move(booking, start + 24 * hourMs))).toBe("STAFF_NOT_ABLE");
    const given = await owners().reassignBooking({
      name: booking.name,
      staffChoices: [{ staffMember: other }],
      requestId: randomUUID(),
    });
    expect(given).toMatchObject({
      startTime: booking.startTime,
      items: [{ staffMember: other }],
      price: booking.price,
    });
    expect(await listed()).toEqual([]);
    const { bookingEvents } = await ana.bookings.listBookingEvents({ parent: booking.name });
    expect(bookingEvents.slice(-2).map(({ reason }) => reason)).toEqual([
      "she comes in for it",
      "given to other staff",
    ]);
  }, 60_000);

  test("given time that is blocked, then nobody books or moves into it, until it is free again", async () => {
    const ana = await customer();
    const other = wish(staff[1]);
    const [blockedMs = 0] = await starts("", other);
    const { name } = await members().blockTime({
      parent: provider,
      subject: staff[1] ?? "",
      range: { startTime: timestampFromMs(blockedMs), endTime: timestampFromMs(blockedMs + hourMs) },
      reason: "training",
      requestId: randomUUID(),
    });
    const hold = { provider, items: other, startTime: timestampFromMs(blockedMs) };
    expect(await reasonFor(ana.bookings.holdSlot({ ...hold, requestId: randomUUID() }))).toBe("SLOT_TAKEN");
    await members().unblockTime({ name, requestId: randomUUID() });
    expect(await reasonFor(ana.bookings.holdSlot({ ...hold, requestId: randomUUID() }))).toBeUndefined();
  }, 60_000);
});
