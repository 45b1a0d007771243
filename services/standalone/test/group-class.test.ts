import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { AvailabilityService, type Slot } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import {
  type Booking,
  Booking_PaymentInfo_State,
  Booking_State,
  BookingService,
  PaymentMethod,
  SlotConflictSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PolicyService } from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type freeSlot, type MarketPlatform, openMarketPlatform } from "./market-platform.ts";

type Wish = Awaited<ReturnType<typeof freeSlot>>;

/** The seats of the class. */
const seats = 6;

let world: MarketPlatform;
let wish: Wish;

beforeAll(async () => {
  world = await openMarketPlatform();
  wish = await classOf(seats);
}, 120_000);

afterAll(() => world?.platform.stop());

describe("given a class of six seats, of 20 JOD each (BK-07, S9)", () => {
  test("when parties take seats of it, then each pays its seats, and a party that finds too few is told what else there is", async () => {
    const [ana, ben, carl] = await Promise.all([customer(), customer(), customer()]);
    const two = await ana.hold(2);
    const quote = await ana.bookings.quoteBooking({ ...wish, partySize: 2, paymentMethod: PaymentMethod.ONLINE });
    // Two seats of 20 are one service of 40: 16 % tax, and the one fee of a service of 25 and more.
    expect(quote.price).toMatchObject({
      servicePrice: { amountMinor: 40_000n },
      tax: { amountMinor: 6_400n },
      platformFee: { amountMinor: 5_000n },
      total: { amountMinor: 51_400n },
      // Half of price and tax, and the fee.
      dueNow: { amountMinor: 28_200n },
      dueAtVenue: { amountMinor: 23_200n },
    });
    const booked = await ana.create(two, quote.quoteToken);
    expect(booked).toMatchObject({ state: Booking_State.PENDING_PAYMENT, price: quote.price, partySize: 2 });
    await pay(booked);
    await eventually(async () =>
      expect((await ana.bookings.getBooking({ name: two })).state).toBe(Booking_State.CONFIRMED),
    );

    const three = await ben.hold(3);
    const cash = await ben.bookings.createBooking({
      name: three,
      paymentMethod: PaymentMethod.CASH,
      requestId: randomUUID(),
    });
    expect(cash).toMatchObject({
      state: Booking_State.CONFIRMED,
      price: { servicePrice: { amountMinor: 60_000n }, dueNow: { amountMinor: 0n } },
    });

    // One seat is left.
    const refused = await carl.hold(2).catch((error: unknown) => error);
    expect(["SLOT_TAKEN", "SLOT_NOT_OFFERED"]).toContain(reasonOf(refused)?.reason);
    const [conflict] = ConnectError.from(refused).findDetails(SlotConflictSchema);
    expect(conflict?.alternatives).toHaveLength(3);
    for (const { startTime } of conflict?.alternatives ?? []) expect(startTime).not.toEqual(wish.startTime);
    const one = await carl.bookings.createBooking({
      name: await carl.hold(1),
      paymentMethod: PaymentMethod.CASH,
      requestId: randomUUID(),
    });
    expect(one.price?.servicePrice?.amountMinor).toBe(20_000n);

    // 20 % of the price is kept of the deposit, with its tax and the fee: 12 of 20 and 1.920 of 3.200 go back.
    const { penalty } = await ana.bookings.quoteCancellation({ name: two });
    expect(penalty).toMatchObject({ amountMinor: 8_000n });
    await ana.bookings.cancelBooking({
      name: two,
      requestId: randomUUID(),
      ...(penalty && { acceptedPenalty: penalty }),
    });
    await eventually(async () =>
      expect((await ana.bookings.getBooking({ name: two })).payment).toMatchObject({
        state: Booking_PaymentInfo_State.REFUNDED,
        refunded: { amountMinor: 13_920n },
      }),
    );
    expect(
      await world.platform
        .service("payment")
        .store.read((tx) => tx.query("select service_minor, tax_minor, fee_minor from refund")),
    ).toEqual([{ service_minor: 12_000n, tax_minor: 1_920n, fee_minor: 0n }]);

    // A party that leaves gives its seats back.
    await ben.bookings.cancelBooking({
      name: three,
      acceptedPenalty: { currencyCode: "JOD", amountMinor: 0n },
      requestId: randomUUID(),
    });
    await eventually(async () => expect(await (await customer()).hold(5)).toMatch(/bookings/));
  }, 60_000);

  test("when 24 come for one seat each of the next class at the same moment, then six are in, all of one staff member", async () => {
    const next = await laterSlot();
    const crowd = await Promise.all(Array.from({ length: 24 }, () => customer()));
    const outcomes = await Promise.allSettled(crowd.map(({ hold }) => hold(1, next)));
    const won = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(won).toHaveLength(seats);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(["SLOT_TAKEN", "SLOT_NOT_OFFERED"]).toContain(reasonOf(outcome.reason)?.reason);
      const [conflict] = ConnectError.from(outcome.reason).findDetails(SlotConflictSchema);
      expect(conflict?.alternatives).toHaveLength(3);
    }
  }, 60_000);
});

/** Somebody who books, and how. */
async function customer() {
  const bookings = world.platform.client(BookingService, { token: await world.sign(`accounts/${randomUUID()}`) });
  return {
    bookings,
    hold: async (partySize: number, at: Wish = wish): Promise<string> => {
      const { booking } = await bookings.holdSlot({ ...at, partySize, requestId: randomUUID() });
      return booking?.name ?? "";
    },
    create: (name: string, quoteToken: string) =>
      bookings.createBooking({ name, quoteToken, paymentMethod: PaymentMethod.ONLINE, requestId: randomUUID() }),
  };
}

/** Pays on the sandbox's page with a card that works. */
async function pay({ payment }: Booking): Promise<void> {
  const payUrl = payment?.payUrl ?? "";
  await fetch(payUrl, {
    method: "POST",
    body: new URLSearchParams({ number: "4242424242424242", expiry: "12/34", cvc: "123" }),
    headers: { origin: new URL(payUrl).origin },
    redirect: "manual",
  });
}

/** Makes a service of the demo market a class, with a deposit of half and no free window to speak of, and finds a start. */
async function classOf(groupCapacity: number): Promise<Wish> {
  const { platform, market, memberships, sign } = world;
  const provider = market.ownedProvider;
  const owner = `accounts/${randomUUID()}`;
  memberships.set(owner, [{ provider, permissions: ["menu.write", "policy.write"] }]);
  const token = await sign(owner);
  const { staffMembers } = await platform.client(StaffService).listStaffMembers({ parent: provider });
  // Somebody who asks for no price of their own.
  const [given] = staffMembers.flatMap(({ name, skills }) =>
    skills.filter(({ price }) => price === undefined).map(({ service }) => ({ service, staffMember: name })),
  );
  if (given === undefined) throw new Error("everybody has prices of their own");
  const { service } = given;
  const items = [{ service, staffChoice: { case: "staffMember" as const, value: given.staffMember } }];
  await platform.client(ServiceMenuService, { token }).updateService({
    service: {
      name: service,
      groupCapacity,
      price: { currencyCode: "JOD", amountMinor: 20_000n },
      resourceRequirements: [],
    },
    updateMask: { paths: ["group_capacity", "price", "resource_requirements"] },
    requestId: randomUUID(),
  });
  await platform.client(PolicyService, { token }).updatePolicy({
    policy: { name: `${service}/policy`, depositPercent: 50, freeWindowMinutes: 43_200, latePenaltyPercent: 20 },
    updateMask: { paths: ["deposit_percent", "free_window_minutes", "late_penalty_percent"] },
    requestId: randomUUID(),
  });
  return await eventually(async () => {
    const [slot] = await classesOf({ provider, items });
    if (slot?.startTime === undefined) throw new Error("there is no class yet");
    return { provider, items, startTime: slot.startTime };
  });
}

/** The starts at which all seats of the class are free. */
async function classesOf({ provider, items }: Pick<Wish, "provider" | "items">): Promise<readonly Slot[]> {
  const from = Temporal.Now.instant().add({ hours: 24 }).epochMilliseconds;
  const { slots } = await world.platform.client(AvailabilityService).findSlots({
    provider,
    items,
    partySize: seats,
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(from + 5 * 86_400_000),
  });
  return slots;
}

async function laterSlot(): Promise<Wish> {
  const slot = (await classesOf(wish)).at(-1);
  if (slot?.startTime === undefined) throw new Error("there is no other class");
  return { ...wish, startTime: slot.startTime };
}
