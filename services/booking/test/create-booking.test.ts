import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Booking, Booking_State, PaymentMethod, type Quote } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { cut, mona, provider, rana, talk } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

type Person = As & { readonly account: string };

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

const { ONLINE, CASH } = PaymentMethod;
const chosen = (service: string, staffMember: string, addOns: string[] = []) => ({
  service,
  staffChoice: { case: "staffMember" as const, value: staffMember },
  addOns,
});
const anyone = (service: string) => ({ service, staffChoice: { case: "anyStaff" as const, value: true } });
const at = (hours: number) =>
  timestampFromMs(world.clock.now().add({ seconds: Math.round(hours * 3600) }).epochMilliseconds);

async function held(items: object[], hours = 30, who = ana): Promise<Booking> {
  const { booking } = await world
    .bookings()
    .holdSlot({ provider, items: items as never, startTime: at(hours), requestId: requestId() }, who);
  if (booking === undefined) throw new Error("no booking");
  return booking;
}
const quoted = (items: object[], of: Booking, paymentMethod = ONLINE): Promise<Quote> =>
  world.bookings().quoteBooking({
    provider,
    items: items as never,
    ...(of.startTime === undefined ? {} : { startTime: of.startTime }),
    paymentMethod,
  });
const createIt = (
  { name }: Booking,
  more: { quoteToken?: string; paymentMethod?: PaymentMethod; requestId?: string; returnUrl?: string } = {},
  who: As = ana,
) => world.bookings().createBooking({ name, paymentMethod: ONLINE, requestId: requestId(), ...more }, who);
const callsOf = (method: string) => world.around.calls.filter((call) => call.method === method);
const setPolicy = (policy: object, paths: string[]) =>
  world
    .policies()
    .updatePolicy(
      { policy: { name: `${provider}/policy`, ...policy }, updateMask: { paths }, requestId: requestId() },
      owner,
    );

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
    expect(created.policy).toMatchObject({ freeWindowMinutes: 1440 });
    expect(callsOf("createPayment").map(({ request }) => request)).toEqual([
      expect.objectContaining({
        booking: hold.name,
        account: ana.account,
        amounts: expect.objectContaining({ total: expect.objectContaining({ amountMinor: 11_500n }) }),
      }),
    ]);
    const now = await createIt(await held(items, 31, ana));
    expect(now.price?.servicePrice?.amountMinor).toBe(99_999n);
    expect(now.policy).toMatchObject({ freeWindowMinutes: 7 });
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

describe("CreateBooking without a payment", () => {
  test.each([
    ["cash", [chosen(cut, mona)], CASH],
    ["a free service", [chosen(talk, mona)], ONLINE],
  ])(
    "given %s, then it is confirmed at once, its reservation firm, and no payment is made",
    async (_, items, method) => {
      const hold = await held(items);
      const created = await createIt(hold, { paymentMethod: method });
      expect(created).toMatchObject({ state: Booking_State.CONFIRMED, paymentMethod: method });
      expect(created.confirmTime).toBeDefined();
      expect(created.payment).toBeUndefined();
      expect(created.holdExpireTime).toBeUndefined();
      expect(callsOf("createPayment")).toEqual([]);
      expect([...world.around.reservations.values()].find(({ booking }) => booking === hold.name)?.state).toBe(2);
      await world.settles(() => expect(world.eventsOf(hold.name)).toEqual(["BookingHeld", "BookingConfirmed"]));
      world.clock.advance({ minutes: 16 });
      await world.settles(async () =>
        expect((await world.bookings().getBooking({ name: hold.name }, ana)).state).toBe(Booking_State.CONFIRMED),
      );
    },
  );

  test("given the reservation is gone, then HOLD_EXPIRED", async () => {
    const hold = await held([chosen(cut, mona)]);
    world.around.faults.set("confirmReservation", () => ({ kind: "refuses", reason: "RESERVATION_LAPSED" }));
    expect((await refusalOf(createIt(hold, { paymentMethod: CASH }))).reason).toBe("HOLD_EXPIRED");
  });

  test("given the answer of availability is lost and nobody asks again, then the firm time is given back", async () => {
    const hold = await held([chosen(cut, mona)]);
    world.around.faults.set("confirmReservation", () => ({ kind: "lost answer" }));
    expect((await refusalOf(createIt(hold, { paymentMethod: CASH }))).reason).toBe("UNAVAILABLE");
    world.around.faults.clear();
    world.clock.advance({ minutes: 15 });
    await world.settles(() =>
      expect([...world.around.reservations.values()].find(({ booking }) => booking === hold.name)?.state).toBe(3),
    );
  });
});

describe("age limits", () => {
  const birthday = (years: number, daysLater: number) => {
    const day = world.clock
      .now()
      .add({ hours: 30 })
      .toZonedDateTimeISO("Asia/Dubai")
      .toPlainDate()
      .subtract({ years })
      .add({ days: daysLater });
    return { year: day.year, month: day.month, day: day.day };
  };
  test("given 18 years, then 18 on the day is enough, a day younger or unknown is TOO_YOUNG", async () => {
    const before = world.around.services.get(cut);
    world.around.services.set(cut, { ...before, minAgeYears: 18 });
    const hold = await held([chosen(cut, mona)]);
    const young = { reason: "TOO_YOUNG", metadata: { min_age_years: "18" } };
    expect(await refusalOf(createIt(hold))).toMatchObject(young);
    world.around.born.set(ana.account, birthday(18, 1));
    expect(await refusalOf(createIt(hold))).toMatchObject(young);
    expect(callsOf("createPayment")).toEqual([]);
    world.around.born.set(ana.account, birthday(18, 0));
    expect((await createIt(hold)).state).toBe(Booking_State.PENDING_PAYMENT);
    if (before !== undefined) world.around.services.set(cut, before);
  });
});

describe("CreateBooking again, late, or while others are away", () => {
  test("given the last millisecond of the hold, then it is made; at its end, HOLD_EXPIRED", async () => {
    const hold = await held([chosen(cut, mona)]);
    const other = await held([chosen(cut, mona)], 44);
    world.clock.advance({ minutes: 14, seconds: 59, milliseconds: 999 });
    await createIt(hold);
    world.clock.advance({ milliseconds: 1 });
    expect((await refusalOf(createIt(other))).reason).toBe("HOLD_EXPIRED");
    expect((await refusalOf(createIt(hold))).reason).toMatch(/HOLD_EXPIRED|BOOKING_STATE_WRONG/);
  });

  test.each([
    ["the gateway is away", { kind: "refuses", reason: "GATEWAY_UNAVAILABLE" }],
    ["the gateway refuses", { kind: "refuses", reason: "GATEWAY_REFUSED" }],
    ["payment is away", { kind: "away" }],
    ["payment's answer is lost", { kind: "lost answer" }],
  ] as const)(
    "given %s, then PAYMENT_UNAVAILABLE, and the same request works later, at the same price",
    async (_, fault) => {
      const hold = await held([chosen(cut, mona)]);
      const id = requestId();
      world.around.faults.set("createPayment", () => fault);
      expect((await refusalOf(createIt(hold, { requestId: id }))).reason).toBe("PAYMENT_UNAVAILABLE");
      world.around.faults.clear();
      world.around.rules.feeMinor = 5_555n;
      const created = await createIt(hold, { requestId: id });
      world.around.rules.feeMinor = 1_000n;
      expect(created.price?.platformFee?.amountMinor).toBe(1_000n);
      expect(created.payment?.payUrl).toMatch(/^http/);
      expect([...world.around.payments.values()].filter(({ booking }) => booking === hold.name)).toHaveLength(1);
    },
  );

  test("given a payment was begun at one price, when a quote of another comes, then QUOTE_MISMATCH", async () => {
    const items = [chosen(cut, mona)];
    const hold = await held(items);
    world.around.faults.set("createPayment", () => ({ kind: "lost answer" }));
    await refusalOf(createIt(hold));
    world.around.faults.clear();
    const same = await quoted(items, hold);
    world.around.rules.feeMinor = 5_555n;
    const other = await quoted(items, hold);
    world.around.rules.feeMinor = 1_000n;
    expect((await refusalOf(createIt(hold, { quoteToken: other.quoteToken }))).reason).toBe("QUOTE_MISMATCH");
    expect((await createIt(hold, { quoteToken: same.quoteToken })).state).toBe(Booking_State.PENDING_PAYMENT);
  });

  test("given a return address that is not allowed, then it says so, and another one works", async () => {
    const hold = await held([chosen(cut, mona)]);
    const returnUrl = "https://evil.example/";
    world.around.faults.set("createPayment", () => ({ kind: "refuses", reason: "RETURN_URL_NOT_ALLOWED" }));
    expect(await refusalOf(createIt(hold, { returnUrl }))).toMatchObject({
      reason: "RETURN_URL_NOT_ALLOWED",
      domain: "booking.dawr",
      metadata: { return_url: returnUrl },
    });
    world.around.faults.clear();
    world.around.rules.feeMinor = 2_000n;
    expect((await createIt(hold)).price?.platformFee?.amountMinor).toBe(2_000n);
    world.around.rules.feeMinor = 1_000n;
  });

  test("given 64 equal requests at once, then one payment and one answer; another request is refused", async () => {
    const hold = await held([chosen(cut, mona)]);
    const id = requestId();
    const answers = await Promise.all(Array.from({ length: 64 }, () => createIt(hold, { requestId: id })));
    expect(new Set(answers.map(({ payment }) => payment?.payment)).size).toBe(1);
    expect([...world.around.payments.values()].filter(({ booking }) => booking === hold.name)).toHaveLength(1);
    expect(await createIt(hold, { requestId: id })).toEqual(answers[0]);
    expect(await refusalOf(createIt(hold))).toMatchObject({ reason: "BOOKING_STATE_WRONG" });
    await world.settles(() => expect(world.eventsOf(hold.name)).toEqual(["BookingHeld", "BookingCreated"]));
  });

  test("given 64 different requests at once, then one payment and one booking made", async () => {
    const hold = await held([chosen(cut, mona)]);
    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => createIt(hold)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        expect((await refusalOf(Promise.reject(outcome.reason))).reason).toBe("BOOKING_STATE_WRONG");
    expect([...world.around.payments.values()].filter(({ booking }) => booking === hold.name)).toHaveLength(1);
  });

  test("given two people with the same request id, then each has an own payment", async () => {
    const ben = await world.person();
    const id = requestId();
    const one = await createIt(await held([chosen(cut, mona)]), { requestId: id });
    const two = await createIt(await held([chosen(cut, mona)], 45, ben), { requestId: id }, ben);
    expect(two.payment?.payment).not.toBe(one.payment?.payment);
  });

  test("given a stranger or a member, then NOT_FOUND; and the page to pay on is the customer's alone", async () => {
    const hold = await held([chosen(cut, mona)]);
    expect((await refusalOf(createIt(hold, {}, await world.person()))).reason).toBe("NOT_FOUND");
    expect((await refusalOf(createIt(hold, {}, owner))).reason).toBe("NOT_FOUND");
    const { name, payment } = await createIt(hold);
    expect(payment?.payUrl).not.toBe("");
    expect((await world.bookings().getBooking({ name }, ana)).payment?.payUrl).toBe(payment?.payUrl);
    expect((await world.bookings().getBooking({ name }, owner)).payment?.payUrl).toBe("");
    await world.settles(() => expect(world.eventsOf(name)).toHaveLength(2));
    for (const { data } of world.published) expect(Buffer.from(data).includes("localhost/pay")).toBe(false);
  });
});
