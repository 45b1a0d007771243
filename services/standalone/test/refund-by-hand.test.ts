import { randomUUID } from "node:crypto";
import {
  Booking_State,
  BookingService,
  Booking_PaymentInfo_State as Money,
  PaymentMethod,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freeSlot, type MarketPlatform, openMarketPlatform } from "./market-platform.ts";

let world: MarketPlatform;

beforeAll(async () => {
  world = await openMarketPlatform();
}, 120_000);

afterAll(() => world?.platform.stop());

/** A card that pays, and whose bank then takes no money back. */
const noRefunds = "4000000000007726";

test("given a bank that takes nothing back, when a booking is cancelled, then it says so, until member and operator refund by hand", async () => {
  const { platform, market, memberships, sign } = world;
  const [customer, member, operator] = [0, 1, 2].map(() => `accounts/${randomUUID()}`) as [string, string, string];
  const provider = market.ownedProvider;
  memberships.set(member, [{ provider, permissions: ["bookings.read", "payments.refund"] }]);
  const bookings = platform.client(BookingService, { token: await sign(customer) });
  const wish = await freeSlot(platform, provider);
  const { booking: held } = await bookings.holdSlot({ ...wish, requestId: randomUUID() });
  const name = held?.name ?? "";
  const { payment, price } = await bookings.createBooking({
    name,
    paymentMethod: PaymentMethod.ONLINE,
    requestId: randomUUID(),
  });
  const payUrl = payment?.payUrl ?? "";
  await fetch(payUrl, {
    method: "POST",
    body: new URLSearchParams({ number: noRefunds, expiry: "12/34", cvc: "123" }),
    headers: { origin: new URL(payUrl).origin },
    redirect: "manual",
  });
  const becomes = (fits: { readonly state?: Booking_State; readonly money?: Money }) =>
    eventually(
      async () => {
        const booking = await bookings.getBooking({ name });
        if (fits.state !== undefined) expect(Booking_State[booking.state]).toBe(Booking_State[fits.state]);
        if (fits.money !== undefined) expect(booking.payment && Money[booking.payment.state]).toBe(Money[fits.money]);
        return booking;
      },
      { timeoutMs: 15_000 },
    );
  await becomes({ state: Booking_State.CONFIRMED, money: Money.PAID });
  const { penalty, refund } = await bookings.quoteCancellation({ name });
  expect(refund).toEqual(price?.total);
  await bookings.cancelBooking({ name, requestId: randomUUID(), ...(penalty && { acceptedPenalty: penalty }) });
  const failed = await becomes({ money: Money.REFUND_FAILED });
  expect(failed.payment).toMatchObject({ refundDue: price?.total });

  const refundAs = async (account: string, roles: readonly string[]) =>
    platform
      .client(PaymentService, { token: await sign(account, roles) })
      .refundPayment({ name: payment?.payment ?? "", reason: "the bank is ready again", requestId: randomUUID() });
  // Still refused, and the booking stays where it is.
  await refundAs(operator, ["support"]);
  await eventually(async () => {
    const { refunds } = await platform.internal(PaymentService, { workload: "booking" }).getPayment({
      name: payment?.payment ?? "",
    });
    expect(refunds.map(({ failureCode }) => failureCode !== "")).toEqual([true, true]);
  });
  await becomes({ money: Money.REFUND_FAILED });
  await platform
    .service("sandbox")
    .store.transaction((tx) => tx.query("update charge set behaviour = 'success' where behaviour = 'refund-fails'"));

  await refundAs(member, ["customer"]);
  const fee = price?.platformFee?.amountMinor ?? 0n;
  const withoutFee = (price?.total?.amountMinor ?? 0n) - fee;
  expect(fee).toBeGreaterThan(0n);
  await eventually(async () =>
    expect((await bookings.getBooking({ name })).payment?.refunded?.amountMinor).toBe(withoutFee),
  );
  await becomes({ money: Money.REFUND_FAILED });
  const refused = await refundAs(member, ["customer"]).catch((error: unknown) => error);
  expect(reasonOf(refused)?.reason).toBe("REFUND_EXCEEDS_PRICE");
  await refundAs(operator, ["support"]);
  const settled = await becomes({ money: Money.REFUNDED });
  expect(settled.payment?.refunded).toEqual(price?.total);
}, 60_000);
