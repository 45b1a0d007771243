import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Booking, Booking_State, PaymentMethod } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { anyone, chosen, making, type Person } from "./making.ts";
import { cut, mona, provider, rana, talk } from "./neighbours.ts";
import { openWorld, refusalOf, requestId, type World } from "./world.ts";

const { ONLINE, CASH } = PaymentMethod;
const at = (hours: number) => timestampFromMs(world.clock.now().add({ hours }).epochMilliseconds);

let world: World;
let ana: Person;
let owner: Person;

beforeAll(async () => {
  world = await openWorld();
  owner = await world.person();
  world.around.memberships.set(owner.account, [{ provider, permissions: ["policy.write", "bookings.read"] }]);
});
beforeEach(async () => {
  world.around.faults.clear();
  world.around.calls.length = 0;
  Object.assign(world.around.rules, { hotWindowMinutes: 0, hotDiscountPercent: 0 });
  // Everybody else's holds have ended, and no start is one of before.
  world.clock.advance({ minutes: 121 });
  ana = await world.person();
});
afterAll(() => world.close());

const { held, quoted, createIt, callsOf, setPolicy } = making(() => ({ world, ana, owner }));

describe("CreateBooking with a quote", () => {
  test("given price and policy change in between, then exactly what was quoted is charged and holds", async () => {
    const items = [chosen(cut, mona)];
    const hold = await held(items);
    const quote = await quoted(items, hold);
    // 100 + 5 % tax + 10 fee
    expect(quote.price?.total?.amountMinor).toBe(11_500n);
    const before = world.around.services.get(cut);
    world.around.services.set(cut, {
      ...before,
      price: { $typeName: "dawr.type.v1.Money", currencyCode: "AED", amountMinor: 99_999n },
    });
    await setPolicy({ freeWindowMinutes: 7 }, ["free_window_minutes"]);
    const created = await createIt(hold, { quoteToken: quote.quoteToken });
    expect(created).toMatchObject({ state: Booking_State.PENDING_PAYMENT, price: quote.price });
    expect(created.items[0]?.policy).toMatchObject({ freeWindowMinutes: 1440 });
    expect(callsOf("createPayment").map(({ request }) => request)).toEqual([
      expect.objectContaining({
        booking: hold.name,
        account: ana.account,
        amounts: expect.objectContaining({ total: expect.objectContaining({ amountMinor: 11_500n }) }),
      }),
    ]);
    const now = await createIt(await held(items, 31, ana));
    expect(now.price?.servicePrice?.amountMinor).toBe(99_999n);
    expect(now.items[0]?.policy).toMatchObject({ freeWindowMinutes: 7 });
    if (before !== undefined) world.around.services.set(cut, before);
    await setPolicy({ freeWindowMinutes: 1440 }, ["free_window_minutes"]);
  });

  test("given a hot slot, then the items' prices are without the discount and add up to the service price", async () => {
    Object.assign(world.around.rules, { hotWindowMinutes: 240, hotDiscountPercent: 33 });
    const items = [chosen(cut, mona), chosen(cut, rana)];
    const hold = await held(items, 3);
    const quote = await quoted(items, hold);
    expect(quote.hot).toBe(true);
    expect(quote.price).toMatchObject({ servicePrice: { amountMinor: 16_750n }, discount: { amountMinor: 8_250n } });
    expect(quote.items.map(({ price }) => price?.amountMinor)).toEqual([6_700n, 10_050n]);
    const created = await createIt(hold, { quoteToken: quote.quoteToken });
    expect(created.items.map(({ price }) => price?.amountMinor)).toEqual([6_700n, 10_050n]);
    expect((await quoted(items, await held(items, 4))).hot).toBe(false);
  });

  test("given 14 min 59 s, then it is good; given exactly 15 minutes, QUOTE_EXPIRED", async () => {
    const items = [chosen(cut, mona)];
    const probe = { startTime: at(40) } as Booking;
    const early = await quoted(items, probe);
    world.clock.advance({ minutes: 14, seconds: 59 });
    const hold = await held(items, 40 - 899 / 3600);
    expect(hold.startTime).toEqual(probe.startTime);
    const late = await createIt(hold, { quoteToken: early.quoteToken });
    expect(late.state).toBe(Booking_State.PENDING_PAYMENT);
    const second = { startTime: at(41) } as Booking;
    const quote = await quoted(items, second);
    const other = await held(items, 41);
    world.clock.advance({ minutes: 14, seconds: 59, milliseconds: 999 });
    const third = await held(items, 50);
    expect((await refusalOf(createIt(third, { quoteToken: quote.quoteToken }))).reason).toBe("QUOTE_MISMATCH");
    world.clock.advance({ milliseconds: 1 });
    expect((await refusalOf(createIt(third, { quoteToken: quote.quoteToken }))).reason).toBe("QUOTE_EXPIRED");
    expect((await refusalOf(createIt(other, { quoteToken: quote.quoteToken }))).reason).toBe("HOLD_EXPIRED");
  });

  test("given a token that is not ours, then QUOTE_INVALID", async () => {
    const items = [chosen(cut, mona)];
    const hold = await held(items);
    const { quoteToken } = await quoted(items, hold);
    const middle = Math.floor(quoteToken.length / 2);
    const tampered = `${quoteToken.slice(0, middle)}${quoteToken[middle] === "A" ? "B" : "A"}${quoteToken.slice(middle + 1)}`;
    for (const token of [tampered, "nonsense", quoteToken.slice(0, -4), "e30"])
      expect((await refusalOf(createIt(hold, { quoteToken: token }))).reason).toBe("QUOTE_INVALID");
    expect(callsOf("createPayment")).toEqual([]);
  });

  test("given a quote for something else, then QUOTE_MISMATCH", async () => {
    const items = [chosen(cut, mona)];
    const hold = await held(items);
    const others = [
      await quoted([chosen(talk, mona)], hold),
      await quoted([chosen(cut, rana)], hold),
      await quoted([chosen(cut, mona, [`${cut}/addOns/0195b3c0-7d1e-7c7a-8000-0000000000e1`])], hold),
      await quoted([...items, chosen(talk, mona)], hold),
      await quoted(items, { ...hold, startTime: at(33) } as Booking),
      await quoted(items, hold, CASH),
      // Who chose somebody pays that person's price.
      await quoted([anyone(cut)], hold),
      await world.bookings().quoteBooking({
        provider,
        items,
        partySize: 2,
        paymentMethod: ONLINE,
        ...(hold.startTime && { startTime: hold.startTime }),
      }),
    ];
    for (const { quoteToken } of others)
      expect((await refusalOf(createIt(hold, { quoteToken }))).reason).toBe("QUOTE_MISMATCH");
    const whoever = await held([anyone(cut)], 35);
    expect((await createIt(whoever, { quoteToken: (await quoted([anyone(cut)], whoever)).quoteToken })).state).toBe(
      Booking_State.PENDING_PAYMENT,
    );
  });

  test("given a party of three, then each seat of a group is paid with one fee, and another service once (BK-07, PY-03)", async () => {
    const before = world.around.services.get(cut) ?? {};
    const items = [chosen(cut, mona, [`${cut}/addOns/0195b3c0-7d1e-7c7a-8000-0000000000e1`])];
    const startTime = at(33);
    const quoteFor = (partySize: number) =>
      world.bookings().quoteBooking({ provider, items, startTime, partySize, paymentMethod: ONLINE });
    expect((await quoteFor(3)).price?.servicePrice?.amountMinor).toBe(10_500n);
    world.around.services.set(cut, { ...before, groupCapacity: 2 });
    const { booking } = await world
      .bookings()
      .holdSlot({ provider, items, startTime, partySize: 3, requestId: requestId() }, ana);
    const quote = await quoteFor(3);
    expect(quote.items[0]?.price?.amountMinor).toBe(31_500n);
    // 5 % of it, and the fee of one service.
    expect(quote.price).toMatchObject({ tax: { amountMinor: 1_575n }, platformFee: { amountMinor: 1_000n } });
    expect((await quoteFor(1)).price?.servicePrice?.amountMinor).toBe(10_500n);
    world.around.services.set(cut, before);
    const created = await createIt({ name: booking?.name } as Booking, { quoteToken: quote.quoteToken });
    expect(created).toMatchObject({ partySize: 3, price: quote.price });
  });

  test("given ten services with long names and extras, then the token still fits a request", async () => {
    const before = world.around.services.get(cut);
    world.around.services.set(cut, {
      ...before,
      displayName: {
        $typeName: "dawr.type.v1.LocalizedText",
        texts: { en: "x".repeat(120), ar: "حلاقة وتصفيف وصبغ ".repeat(7).slice(0, 120) },
      },
    });
    const items = Array.from({ length: 10 }, () =>
      chosen(cut, mona, [`${cut}/addOns/0195b3c0-7d1e-7c7a-8000-0000000000e1`]),
    );
    const { quoteToken } = await quoted(items, { startTime: at(60) } as Booking);
    expect(quoteToken.length).toBeLessThan(8_192);
    if (before !== undefined) world.around.services.set(cut, before);
  });
});

describe("QuoteBooking", () => {
  test.each([
    ["SERVICE_NOT_BOOKABLE", [chosen(`${provider}/services/0195b3c0-7d1e-7c7a-8000-0000000000bf`, mona)]],
    ["STAFF_NOT_ABLE", [chosen(talk, rana)]],
    ["ADD_ON_UNKNOWN", [chosen(cut, mona, [`${cut}/addOns/0195b3c0-7d1e-7c7a-8000-0000000000ef`])]],
    ["ADD_ON_UNKNOWN", [chosen(cut, mona, [`${talk}/addOns/0195b3c0-7d1e-7c7a-8000-0000000000e1`])]],
    ["OTHER_PROVIDER", [chosen(cut.replace("a1/", "a2/"), mona)]],
  ])("given what is not to be had, then %s", async (reason, items) => {
    expect((await refusalOf(quoted(items, { startTime: at(60) } as Booking))).reason).toBe(reason);
  });

  test("given a provider that takes no cash, then PAYMENT_METHOD_NOT_OFFERED", async () => {
    await setPolicy({ acceptsCash: false }, ["accepts_cash"]);
    const hold = await held([chosen(cut, mona)]);
    expect((await refusalOf(quoted([chosen(cut, mona)], hold, CASH))).reason).toBe("PAYMENT_METHOD_NOT_OFFERED");
    expect((await refusalOf(createIt(hold, { paymentMethod: CASH }))).reason).toBe("PAYMENT_METHOD_NOT_OFFERED");
    await setPolicy({ acceptsCash: true }, ["accepts_cash"]);
  });
});
