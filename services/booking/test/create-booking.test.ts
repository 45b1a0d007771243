import { Booking_State, PaymentMethod } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { chosen, making, type Person } from "./making.ts";
import { cut, mona, provider, talk } from "./neighbours.ts";
import { openWorld, refusalOf, requestId, type World } from "./world.ts";

const { ONLINE, CASH } = PaymentMethod;

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

const { held, quoted, createIt, callsOf } = making(() => ({ world, ana, owner }));

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
    expect(await refusalOf(createIt(hold))).toMatchObject({
      reason: "BOOKING_STATE_WRONG",
      metadata: { state: "PENDING_PAYMENT", required_states: "HELD" },
    });
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
