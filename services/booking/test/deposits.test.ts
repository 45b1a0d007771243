import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Booking, Booking_State, PaymentMethod } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { chosen, making, type Person } from "./making.ts";
import { cut, mona, provider, rana, talk } from "./neighbours.ts";
import { openWorld, refusalOf, requestId, type World } from "./world.ts";

const { ONLINE, CASH } = PaymentMethod;
const settings = { BOOKING_TAX: "AE=500" };
const ofCut = `${cut}/policy`;

let world: World;
let ana: Person;
let owner: Person;

beforeAll(async () => {
  world = await openWorld(settings);
  owner = await world.person();
  world.around.memberships.set(owner.account, [{ provider, permissions: ["policy.write", "bookings.read"] }]);
});
beforeEach(async () => {
  world.around.faults.clear();
  world.around.calls.length = 0;
  // Everybody else's holds have ended, and no start is one of before.
  world.clock.advance({ minutes: 121 });
  ana = await world.person();
  await setPolicy({ name: ofCut, followsProvider: true }, ["follows_provider"]);
});
afterAll(() => world.close());

const { held, quoted, createIt, callsOf, setPolicy } = making(() => ({ world, ana, owner }));
const aed = (amountMinor: bigint) => expect.objectContaining({ currencyCode: "AED", amountMinor });
const priced = (amountMinor: bigint) => ({
  $typeName: "dawr.type.v1.Money" as const,
  currencyCode: "AED",
  amountMinor,
});
const minutesBefore = ({ startTime }: Booking, minutes: number) =>
  world.clock.advance({
    milliseconds:
      (startTime === undefined ? 0 : timestampMs(startTime)) - minutes * 60_000 - world.clock.now().epochMilliseconds,
  });
/** What payment was asked for. */
const asked = () => callsOf("createPayment").map(({ request }) => request);
const money = (service: bigint, tax: bigint, fee: bigint) =>
  expect.objectContaining({
    amounts: expect.objectContaining({
      servicePrice: aed(service),
      tax: aed(tax),
      platformFee: aed(fee),
      total: aed(service + tax + fee),
    }),
  });

/** Changes all that a price and its terms depend on, and gives back how it was. */
async function everythingChanges(): Promise<() => Promise<void>> {
  const before = world.around.services.get(cut) ?? {};
  world.around.services.set(cut, { ...before, price: priced(77_777n) });
  world.around.rules.feeMinor = 5_000n;
  await setPolicy(
    { name: ofCut, depositPercent: 90, penaltySteps: [{ withinMinutes: 5, percent: 99 }], freeWindowMinutes: 6 },
    ["deposit_percent", "penalty_steps", "free_window_minutes"],
  );
  settings.BOOKING_TAX = "AE=1000";
  await world.restart();
  return async () => {
    world.around.services.set(cut, before);
    world.around.rules.feeMinor = 1_000n;
    settings.BOOKING_TAX = "AE=500";
    await world.restart();
  };
}

describe("a deposit of 30 %, with steps, for one service (BK-05, BK-07)", () => {
  const terms = {
    name: ofCut,
    depositPercent: 30,
    latePenaltyPercent: 10,
    penaltySteps: [
      { withinMinutes: 180, percent: 20 },
      { withinMinutes: 60, percent: 80 },
    ],
  };
  const paths = ["deposit_percent", "late_penalty_percent", "penalty_steps"];

  test("given price, fee, tax and terms change after the quote, then what was shown is taken, and its terms hold", async () => {
    await setPolicy(terms, paths);
    const items = [chosen(cut, mona)];
    const hold = await held(items);
    const quote = await quoted(items, hold);
    expect(quote).toMatchObject({
      // 100 + 5 + 10, of which 30 + 1.50 + 10 now.
      price: { total: aed(11_500n), dueNow: aed(4_150n), dueAtVenue: aed(7_350n) },
      policy: { depositPercent: 30, penaltySteps: terms.penaltySteps },
      freeCancelUntilTime: { seconds: (hold.startTime?.seconds ?? 0n) - 86_400n },
    });
    const giveBack = await everythingChanges();
    const created = await createIt(hold, { quoteToken: quote.quoteToken });
    expect(created).toMatchObject({
      state: Booking_State.PENDING_PAYMENT,
      price: quote.price,
      policy: { depositPercent: 30, penaltySteps: terms.penaltySteps },
      items: [{ policy: { name: ofCut, depositPercent: 30, penaltySteps: terms.penaltySteps } }],
    });
    expect(asked()).toEqual([money(3_000n, 150n, 1_000n)]);
    await world.publish(world.paid(created));
    await world.settles(async () =>
      expect((await world.bookings().getBooking({ name: hold.name }, ana)).state).toBe(Booking_State.CONFIRMED),
    );
    minutesBefore(created, 180);
    // 20 % of 100, of the 30 that were paid; a third of their tax goes back, and no fee.
    const cancellation = await world.bookings().quoteCancellation({ name: hold.name }, ana);
    expect(cancellation).toMatchObject({ penalty: aed(2_000n), refund: aed(1_050n), feeRefund: aed(0n) });
    await giveBack();
    await world
      .bookings()
      .cancelBooking(
        { name: hold.name, acceptedPenalty: { currencyCode: "AED", amountMinor: 2_000n }, requestId: requestId() },
        ana,
      );
    await world.settles(() =>
      expect(callsOf("refundPayment").map(({ request }) => request)).toEqual([
        expect.objectContaining({ amount: aed(1_050n) }),
      ]),
    );
  });

  test("given 80 % of the price as penalty, then no more is kept than was paid of it, and nothing is given back", async () => {
    await setPolicy(terms, paths);
    const hold = await held([chosen(cut, mona)]);
    const created = await createIt(hold);
    await world.publish(world.paid(created));
    await world.settles(async () =>
      expect((await world.bookings().getBooking({ name: hold.name }, ana)).state).toBe(Booking_State.CONFIRMED),
    );
    minutesBefore(created, 60);
    expect(await world.bookings().quoteCancellation({ name: hold.name }, ana)).toMatchObject({
      penalty: aed(3_000n),
      refund: aed(0n),
    });
    // The provider gives back all that was paid.
    expect(await world.bookings().quoteCancellation({ name: hold.name }, await memberWhoReads())).toMatchObject({
      penalty: aed(0n),
      refund: aed(4_150n),
      feeRefund: aed(1_000n),
    });
  });

  test("given the total is paid instead of the deposit, then it goes back and nothing is confirmed", async () => {
    await setPolicy(terms, paths);
    const created = await createIt(await held([chosen(cut, mona)]));
    await world.publish(world.paid(created, { amountMinor: 11_500n }));
    await world.settles(() =>
      expect(callsOf("refundPayment").map(({ request }) => request)).toEqual([
        expect.objectContaining({ amount: aed(11_500n) }),
      ]),
    );
  });

  test("given another service on the provider's terms beside it, then each is asked for by its own, the fee in full", async () => {
    await setPolicy(terms, paths);
    const before = world.around.services.get(talk) ?? {};
    world.around.services.set(talk, { ...before, price: priced(5_001n) });
    const items = [chosen(cut, mona), chosen(talk, mona)];
    const hold = await held(items, 40);
    const quote = await quoted(items, hold);
    expect(quote.items.map(({ policy }) => policy?.depositPercent)).toEqual([30, 0]);
    expect(quote.policy).toMatchObject({ depositPercent: 53, latePenaltyPercent: 50, acceptsCash: true });
    const created = await createIt(hold, { quoteToken: quote.quoteToken });
    world.around.services.set(talk, before);
    // Tax on 150.01 is 7.50, of which 5 are the first's: 30 + 50.01, 1.50 + 2.50, 20.
    expect(asked()).toEqual([money(8_001n, 400n, 2_000n)]);
    expect(created.price).toMatchObject({ dueNow: aed(10_401n), dueAtVenue: aed(7_350n) });
    expect(await world.bookings().getBooking({ name: hold.name }, ana)).toEqual(created);
  });

  test("given cash, then all of it is paid at the venue and nothing asked of payment", async () => {
    await setPolicy(terms, paths);
    const created = await createIt(await held([chosen(cut, mona)]), { paymentMethod: CASH });
    expect(created).toMatchObject({
      state: Booking_State.CONFIRMED,
      price: { total: aed(11_500n), dueNow: aed(0n), dueAtVenue: aed(11_500n) },
    });
    expect(asked()).toEqual([]);
  });
});

test("given one service of two that takes no cash, then cash is offered for the other alone", async () => {
  await setPolicy({ name: ofCut, acceptsCash: false }, ["accepts_cash"]);
  const items = [chosen(talk, mona), chosen(cut, mona)];
  const hold = await held(items, 50);
  const refused = { reason: "PAYMENT_METHOD_NOT_OFFERED", metadata: { payment_method: "CASH" } };
  expect(await refusalOf(quoted(items, hold, CASH))).toMatchObject(refused);
  expect(await refusalOf(createIt(hold, { paymentMethod: CASH }))).toMatchObject(refused);
  expect((await quoted(items, hold, ONLINE)).policy?.acceptsCash).toBe(false);
  expect((await quoted([chosen(talk, mona)], hold, CASH)).policy?.acceptsCash).toBe(true);
});

describe("given a payment was begun on some terms, when a quote on others comes", () => {
  test.each([
    ["the deposit", { depositPercent: 31 }, ["deposit_percent"]],
    ["a step", { penaltySteps: [{ withinMinutes: 60, percent: 90 }] }, ["penalty_steps"]],
    ["how often it may be moved", { maxReschedules: 4 }, ["max_reschedules"]],
    ["until when", { rescheduleWindowMinutes: 1 }, ["reschedule_window_minutes"]],
    ["the approval", { needsApproval: true }, ["needs_approval"]],
    ["what not coming costs", { noShowPenaltyPercent: 99 }, ["no_show_penalty_percent"]],
  ])("then %s differs: QUOTE_MISMATCH, and the first quote is good", async (_, more, paths) => {
    await setPolicy({ name: ofCut, depositPercent: 30 }, ["deposit_percent"]);
    const items = [chosen(cut, rana)];
    const hold = await held(items);
    world.around.faults.set("createPayment", () => ({ kind: "lost answer" }));
    const first = await quoted(items, hold);
    await refusalOf(createIt(hold, { quoteToken: first.quoteToken }));
    world.around.faults.clear();
    await setPolicy({ name: ofCut, ...more }, paths);
    const other = await quoted(items, hold);
    expect((await refusalOf(createIt(hold, { quoteToken: other.quoteToken }))).reason).toBe("QUOTE_MISMATCH");
    // 30 % of Rana's 150.
    const created = await createIt(hold, { quoteToken: first.quoteToken });
    expect(created.price).toMatchObject({ dueNow: aed(5_725n) });
  });
});

async function memberWhoReads(): Promise<Person> {
  const member = await world.person();
  world.around.memberships.set(member.account, [{ provider, permissions: ["bookings.read"] }]);
  return member;
}
