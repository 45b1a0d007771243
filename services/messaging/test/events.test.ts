import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Booking_CancelledBy, Booking_ExpireReason, Booking_State } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import {
  BookingCancelledSchema,
  BookingExpiredSchema,
  BookingRescheduledSchema,
} from "@dawr/gen/dawr/booking/v1/events_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { MembershipChangedSchema } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { RefundSucceededSchema } from "@dawr/gen/dawr/payment/v1/events_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { bookingOf, confirmed, correspondence } from "./correspondence.ts";
import { eventOf, openWorld, provider, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.server.mood = "takes";
  world.server.mails.length = 0;
});

const { inbox, person, inTime, mailsTo, oneMailTo, settled } = correspondence(() => world);

describe("events", () => {
  test.each([
    ["en", "Your booking at Yasmine Salon is confirmed", "Address: 1 Rainbow St, Amman"],
    ["en", "Your booking at Yasmine Salon is confirmed", "To pay at the venue: JOD 28.000"],
    ["ar", "تم تأكيد حجزك لدى صالون ياسمين", "الخدمات: قص شعر"],
  ] as const)(
    "given a booking confirmed, when published three times, then one mail in %s",
    async (locale, subject, fact) => {
      const { account, email } = person(locale);
      const event = confirmed(account);
      await world.bus.publish([event]);
      const mail = await oneMailTo(email);
      await world.bus.publish([event]);
      await world.bus.publish([event]);
      await world.bus.publish([confirmed(person("en").account)]);
      await settled();
      expect(mailsTo(email)).toHaveLength(1);
      expect(mail.subject).toBe(subject);
      expect(mail.text.replaceAll("\u00a0", " ")).toContain(fact);
      expect(mail.text).toContain(`https://dawr.example/b/${event.subject.slice(-36)}`);
    },
  );

  test("given an event that comes again when its record is gone, then nothing is wanted a second time", async () => {
    const { account, email } = person("en");
    const event = confirmed(account);
    const { store } = world.platform.service("messaging");
    await world.bus.publish([event]);
    await oneMailTo(email);
    await store.transaction((tx) => tx.query("delete from inbox where event_id = $1", [event.id]));
    await world.bus.publish([event]);
    await eventually(async () => expect(await store.query("select from saga_step")).toEqual([]));
    await settled();
    expect(await store.query("select from notification where source_id = $1", [event.id])).toHaveLength(1);
    expect(mailsTo(email)).toHaveLength(1);
  });

  test("given a cancellation by the provider, then the customer reads what comes back", async () => {
    const { account, email } = person("en");
    const money = (amountMinor: bigint) => ({ currencyCode: "JOD", amountMinor });
    const booking = bookingOf(account, {
      state: Booking_State.CANCELLED,
      cancellation: {
        cancelledBy: Booking_CancelledBy.PROVIDER,
        penalty: money(0n),
        refund: money(40000n),
        reason: "We are ill",
      },
    });
    const previousState = Booking_State.CONFIRMED;
    await world.bus.publish([
      eventOf("booking", BookingCancelledSchema, { booking, previousState }, { subject: booking.name }),
    ]);
    const { text } = await oneMailTo(email);
    expect(text).toContain("The provider has had to cancel your booking");
    expect(text).toContain("Reason: We are ill");
    expect(text.replaceAll("\u00a0", " ")).toContain("JOD 40.000 goes back to you");
  });

  test("given expiries, then only those that the customer had gone on with are told, and money that came goes back", async () => {
    const [held, unpaid, late] = [person("en"), person("en"), person("en")];
    const expired = (account: string, previousState: Booking_State, more: object = {}) => {
      const booking = bookingOf(account, { state: Booking_State.EXPIRED, ...more });
      return eventOf("booking", BookingExpiredSchema, { booking, previousState }, { subject: booking.name });
    };
    const payTime = timestampFromMs(world.clock.now().epochMilliseconds);
    await world.bus.publish([
      expired(held.account, Booking_State.HELD, { expireReason: Booking_ExpireReason.HOLD_LAPSED }),
      expired(unpaid.account, Booking_State.PENDING_PAYMENT, {
        expireReason: Booking_ExpireReason.PAYMENT_TIMED_OUT,
      }),
      expired(late.account, Booking_State.EXPIRED, {
        expireReason: Booking_ExpireReason.PAYMENT_TIMED_OUT,
        payment: { payment: `payments/${randomUUID()}`, payTime },
      }),
    ]);
    expect((await oneMailTo(unpaid.email)).text).toContain("Nothing was charged");
    const lateText = (await oneMailTo(late.email)).text.replaceAll("\u00a0", " ");
    // What was paid, not what the booking would have cost.
    expect(lateText).toContain("You get all of it back: JOD 12.000");
    await settled();
    expect(mailsTo(held.email)).toEqual([]);
  });

  test("given a refund, then the customer hears of it, in the inbox too", async () => {
    const { account, email } = person("en");
    const booking = bookingOf(account).name;
    const amount = { currencyCode: "JOD", amountMinor: 40500n };
    const payment = { name: `payments/${randomUUID()}`, booking, account, provider };
    await world.bus.publish([
      eventOf("payment", RefundSucceededSchema, { payment, refund: { amount } }, { subject: payment.name }),
    ]);
    expect((await oneMailTo(email)).subject.replaceAll("\u00a0", " ")).toBe("JOD 40.500 is on its way back to you");
    const { notifications } = await inbox().listNotifications({ parent: account }, await world.as(account));
    expect(notifications).toMatchObject([{ template: "booking-refunded", subject: booking, languageCode: "en" }]);
  });

  test("given a provider's owner, when somebody books, then the owner hears who; a removed one does not", async () => {
    const [owner, gone, customer] = [person("ar", "سارة"), person("en"), person("en", "Omar")];
    const membership = (account: string, removed: boolean, sequence: bigint) => {
      const name = `${provider}/members/${account.slice(9)}`;
      return eventOf(
        "identity",
        MembershipChangedSchema,
        { membership: { name, provider, account, role: Role.PROVIDER }, removed },
        { subject: name, key: name, sequence },
      );
    };
    await world.bus.publish([membership(owner.account, false, 1n), membership(gone.account, false, 1n)]);
    await world.bus.publish([membership(gone.account, true, 2n)]);
    await eventually(async () => {
      const rows = await world.platform.service("messaging").store.read((tx) => tx.query("select 1 from member"));
      expect(rows).toHaveLength(1);
    });
    await world.bus.publish([confirmed(customer.account)]);
    const mail = await oneMailTo(owner.email);
    expect(mail.subject).toContain("حجز جديد");
    expect(mail.text).toContain("العميل: Omar");
    await oneMailTo(customer.email);
    await settled();
    expect(mailsTo(gone.email)).toEqual([]);
    await world.bus.publish([membership(owner.account, true, 2n)]);
  });

  test("given a booking that moved, then the customer hears of it, and each owner but the one who moved it", async () => {
    const [mover, other, customer] = [person("en"), person("en"), person("en", "Omar")];
    const membership = (account: string, removed: boolean, sequence: bigint) => {
      const name = `${provider}/members/${account.slice(9)}`;
      return eventOf(
        "identity",
        MembershipChangedSchema,
        { membership: { name, provider, account, role: Role.PROVIDER }, removed },
        { subject: name, key: name, sequence },
      );
    };
    await world.bus.publish([membership(mover.account, false, 1n), membership(other.account, false, 1n)]);
    await eventually(async () => {
      const rows = await world.platform.service("messaging").store.read((tx) => tx.query("select 1 from member"));
      expect(rows).toHaveLength(2);
    });
    const booking = bookingOf(customer.account);
    const previousItems = [
      { startTime: timestampFromMs(Temporal.Instant.from("2026-03-01T09:00:00Z").epochMilliseconds) },
    ];
    const told = { booking, previousItems, actor: mover.account };
    const event = eventOf("booking", BookingRescheduledSchema, told, { subject: booking.name });
    await world.bus.publish([event]);
    await world.bus.publish([event]);
    const mail = await oneMailTo(customer.email);
    expect(mail.subject).toBe("Your booking at Yasmine Salon has moved");
    expect(mail.text).toContain("Sunday, 1 March 2026 at 12:00");
    const toOwner = await oneMailTo(other.email);
    expect(toOwner.text).toContain("(Omar)");
    expect(toOwner.text).not.toContain("JOD");
    await settled();
    expect([mailsTo(customer.email), mailsTo(mover.email)].map(({ length }) => length)).toEqual([1, 0]);
    await world.bus.publish([membership(mover.account, true, 2n), membership(other.account, true, 2n)]);
  });

  test("given a catalogue that is away, when it comes back, then the mail goes out", async () => {
    world.catalog.isAway = true;
    const { account, email } = person("en");
    await world.bus.publish([confirmed(account)]);
    await eventually(() => expect(world.logged.some((line) => line.includes("a step failed"))).toBe(true));
    expect(mailsTo(email)).toEqual([]);
    world.catalog.isAway = false;
    await inTime(() => expect(mailsTo(email)).toHaveLength(1));
  });
});
