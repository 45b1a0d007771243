import { randomUUID } from "node:crypto";
import { ConnectError } from "@connectrpc/connect";
import {
  Booking_State,
  BookingService,
  PaymentMethod,
  SlotConflictSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { freeSlot, type MarketPlatform, openMarketPlatform } from "./market-platform.ts";

let world: MarketPlatform;

beforeAll(async () => {
  world = await openMarketPlatform();
}, 120_000);

afterAll(() => world?.platform.stop());

describe("given one slot and 64 customers who want it at the same moment", () => {
  test("then one holds it, all others are told that it is taken and what else there is, and it is free again once given up", async () => {
    const { platform, market, sign } = world;
    const wish = await freeSlot(platform, market.ownedProvider);
    const crowd = await Promise.all(Array.from({ length: 64 }, () => sign(`accounts/${randomUUID()}`)));
    const bookingsOf = (token: string) => platform.client(BookingService, { token });
    const outcomes = await Promise.allSettled(
      crowd.map((token) => bookingsOf(token).holdSlot({ ...wish, requestId: randomUUID() })),
    );
    const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(["SLOT_TAKEN", "SLOT_NOT_OFFERED"]).toContain(reasonOf(outcome.reason)?.reason);
      const conflict = ConnectError.from(outcome.reason).findDetails(SlotConflictSchema)[0];
      expect(conflict?.alternatives).toHaveLength(3);
    }

    const won = outcomes[winner];
    const name = won?.status === "fulfilled" ? (won.value.booking?.name ?? "") : "";
    const first = bookingsOf(crowd[winner] ?? "");
    const second = bookingsOf(crowd[winner === 0 ? 1 : 0] ?? "");
    const booked = await first.createBooking({ name, paymentMethod: PaymentMethod.CASH, requestId: randomUUID() });
    expect(booked.state).toBe(Booking_State.CONFIRMED);
    const { penalty } = await first.quoteCancellation({ name });
    await first.cancelBooking({ name, requestId: randomUUID(), ...(penalty && { acceptedPenalty: penalty }) });
    const { booking } = await eventually(() => second.holdSlot({ ...wish, requestId: randomUUID() }));
    expect(booking?.state).toBe(Booking_State.HELD);
  }, 60_000);
});
