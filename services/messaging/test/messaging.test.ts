import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { Event } from "@dawr/events";
import { Booking_CancelledBy, Booking_ExpireReason, Booking_State } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import {
  BookingCancelledSchema,
  BookingConfirmedSchema,
  BookingExpiredSchema,
} from "@dawr/gen/dawr/booking/v1/events_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { MembershipChangedSchema } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { Channel, NotificationService } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { RefundSucceededSchema } from "@dawr/gen/dawr/payment/v1/events_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
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

const delivery = () => world.platform.internal(DeliveryService, { workload: "identity" });
const inbox = () => world.platform.internal(NotificationService);

function person(locale: "en" | "ar", displayName = locale === "ar" ? "ليلى" : "Layla") {
  const account = `accounts/${randomUUID()}`;
  const email = `${randomUUID().slice(0, 8)}@people.example`;
  world.people.set(account, { displayName, email, locale });
  return { account, email };
}

function bookingOf(account: string, more: object = {}) {
  const start = Temporal.Instant.from("2026-03-02T09:00:00Z");
  return {
    name: `${provider}/bookings/${randomUUID()}`,
    account,
    state: Booking_State.CONFIRMED,
    startTime: timestampFromMs(start.epochMilliseconds),
    endTime: timestampFromMs(start.add({ minutes: 45 }).epochMilliseconds),
    timeZone: "Asia/Amman",
    partySize: 1,
    items: [{ serviceDisplayName: { texts: { en: "Haircut", ar: "قص شعر" } } }],
    price: { total: { currencyCode: "JOD", amountMinor: 40000n } },
    ...more,
  };
}

const confirmed = (account: string): Event => {
  const booking = bookingOf(account);
  return eventOf("booking", BookingConfirmedSchema, { booking }, { subject: booking.name });
};

/** Asks until the check passes, while time goes by: pauses between attempts are by the platform's clock, which stands still here. */
const inTime = <T>(check: () => T | Promise<T>) =>
  eventually(
    () => {
      world.clock.advance({ milliseconds: 100 });
      return check();
    },
    { timeoutMs: 15_000 },
  );
const mailsTo = (email: string) => world.server.mails.filter(({ to }) => to.includes(email));
const oneMailTo = (email: string) =>
  inTime(() => {
    const [mail] = mailsTo(email);
    if (mail === undefined) throw new Error("no mail has come");
    return mail;
  });
/** Waits until nothing is on its way any more. */
const settled = () =>
  inTime(async () => {
    const { store } = world.platform.service("messaging");
    expect(await store.query("select 1 from delivery where state in ('WAITING', 'QUEUED')")).toEqual([]);
  });

const deliveriesOf = (notification: string) =>
  world.platform
    .service("messaging")
    .store.read((tx) =>
      tx.query<{ state: string; attempts: number; message: Uint8Array | null }>(
        "select state, attempts, message from delivery where notification_id = $1",
        [notification.slice(notification.lastIndexOf("/") + 1)],
      ),
    );

function codeTo(email: string, more: object = {}) {
  return {
    recipient: { case: "email" as const, value: email },
    template: "verification-code",
    locale: "en",
    arguments: { code: "493817", name: "Layla" },
    requestId: randomUUID(),
    ...more,
  };
}

describe("Deliver", () => {
  test("given a code, when asked twice with one request id, then one mail and one answer", async () => {
    const request = codeTo("twice@people.example");
    const answers = await Promise.all([delivery().deliver(request), delivery().deliver(request)]);
    expect(answers[0].notification).toMatch(/^notifications\/[0-9a-f-]{36}$/);
    expect(answers[1].notification).toBe(answers[0].notification);
    const mail = await oneMailTo("twice@people.example");
    expect(mail.subject).toBe("493817 is your code");
    expect(mail.text).toContain("Hello Layla,");
    await settled();
    expect(mailsTo("twice@people.example")).toHaveLength(1);
    expect(await deliveriesOf(answers[0].notification)).toEqual([{ state: "DELIVERED", attempts: 1, message: null }]);
  });

  test("given a code, when two services ask under one request id, then one mail and one answer", async () => {
    const request = codeTo("shared@people.example");
    const first = await delivery().deliver(request);
    const second = await world.platform.internal(DeliveryService, { workload: "booking" }).deliver(request);
    expect(second.notification).toBe(first.notification);
    await settled();
    expect(mailsTo("shared@people.example")).toHaveLength(1);
  });

  test("given an account that reads Arabic, when written to, then the mail is in Arabic, right to left", async () => {
    const { account, email } = person("ar");
    await delivery().deliver({
      recipient: { case: "account", value: account },
      template: "log-in-code",
      arguments: { code: "102938" },
      requestId: randomUUID(),
    });
    const mail = await oneMailTo(email);
    expect(mail.subject).toBe("102938 هو رمز تسجيل الدخول");
    expect(mail.html).toContain('<html lang="ar" dir="rtl">');
    expect(mail.text).toContain("مرحبًا ليلى،");
  });

  test("given a code whose time is over, then it is not sent and what it said is gone", async () => {
    const expireTime = timestampFromMs(world.clock.now().subtract({ seconds: 1 }).epochMilliseconds);
    const { notification } = await delivery().deliver(codeTo("late@people.example", { expireTime }));
    await settled();
    expect(await deliveriesOf(notification)).toEqual([{ state: "EXPIRED", attempts: 0, message: null }]);
    expect(mailsTo("late@people.example")).toEqual([]);
  });

  test.each([
    ["a template that is not there", { template: "nothing" }, "TEMPLATE_UNKNOWN", { template: "nothing" }],
    ["no code", { arguments: {} }, "ARGUMENTS_MISSING", { template: "verification-code", missing: "code" }],
    [
      "a time that is none",
      { template: "booking-confirmed", arguments: { booking: "b", startTime: "soon", timeZone: "UTC" } },
      "VALIDATION_FAILED",
      { fields: "arguments" },
    ],
    ["an inbox for an address", { channels: [Channel.INBOX] }, "VALIDATION_FAILED", { fields: "channels" }],
  ])("given %s, then it is refused", async (_, more, reason, metadata) => {
    const error: unknown = await delivery()
      .deliver(codeTo("x@people.example", more))
      .catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: Code.InvalidArgument });
    expect(reasonOf(error)).toMatchObject({ reason, metadata });
  });

  test("given somebody who is no service of the platform, then there is nothing to call", async () => {
    const me = await world.as(person("en").account);
    const error: unknown = await world.platform
      .internal(DeliveryService, {})
      .deliver(codeTo("x@people.example"), me)
      .catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: Code.NotFound });
  });

  test("given an erased account, then it is refused", async () => {
    const account = `accounts/${randomUUID()}`;
    world.people.set(account, { displayName: "", email: "", locale: "en", erased: true });
    const request = { ...codeTo(""), recipient: { case: "account" as const, value: account } };
    const error: unknown = await delivery()
      .deliver(request)
      .catch((refusal: unknown) => refusal);
    expect(reasonOf(error)).toMatchObject({ reason: "RECIPIENT_UNKNOWN", metadata: { account } });
  });
});

describe("events", () => {
  test.each([
    ["en", "Your booking at Yasmine Salon is confirmed", "Address: 1 Rainbow St, Amman"],
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
      expect(mail.text).toContain(fact);
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
    expect((await oneMailTo(late.email)).text).toContain("You get all of it back");
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

describe("a mail server", () => {
  test("given it is down, when it comes back, then every message arrives, however often it was tried", async () => {
    await world.server.down();
    const { notification } = await delivery().deliver(codeTo("down@people.example"));
    // More often than a message may be refused: a server that is away is no refusal.
    await inTime(async () => expect((await deliveriesOf(notification))[0]?.attempts).toBeGreaterThan(4));
    await world.server.up();
    await oneMailTo("down@people.example");
    await settled();
    expect(mailsTo("down@people.example")).toHaveLength(1);
  });

  test("given it takes a mail and the answer is lost, then the mail comes again with the same Message-ID", async () => {
    world.server.mood = "hangs up after taking";
    const { notification } = await delivery().deliver(codeTo("again@people.example"));
    await oneMailTo("again@people.example");
    world.server.mood = "takes";
    await settled();
    const mails = mailsTo("again@people.example");
    expect(mails.length).toBeGreaterThanOrEqual(2);
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
    expect(mails[0]?.messageId).toMatch(/^<[0-9a-f-]{36}@dawr\.example>$/);
    expect((await deliveriesOf(notification))[0]?.state).toBe("DELIVERED");
  });

  test("given it refuses for now each time, then the message is parked after the last attempt, told, and replayed", async () => {
    world.server.mood = { refuses: 451 };
    const { notification } = await delivery().deliver(codeTo("busy@people.example"));
    await settled();
    const [parked] = await deliveriesOf(notification);
    expect(parked).toMatchObject({ state: "FAILED", attempts: 3 });
    const { store, host } = world.platform.service("messaging");
    expect(await store.read((tx) => tx.query("select failure, attempts from delivery_dead_letter"))).toEqual([
      { failure: "EMESSAGE 451", attempts: 3 },
    ]);
    world.server.mood = "takes";
    await store.transaction((tx) => host.enqueue(tx, "replay-deliveries", {}));
    await oneMailTo("busy@people.example");
    await settled();
    expect((await deliveriesOf(notification))[0]).toMatchObject({ state: "DELIVERED", message: null });
    expect(await store.read((tx) => tx.query("select 1 from delivery_dead_letter"))).toEqual([]);
  });

  test("given it refuses for good, then it is not asked again", async () => {
    world.server.mood = { refuses: 550 };
    const { notification } = await delivery().deliver(codeTo("nobody@people.example"));
    await settled();
    expect((await deliveriesOf(notification))[0]).toMatchObject({ state: "FAILED", attempts: 1 });
  });
});

describe("the inbox", () => {
  test("given messages, then they are listed page by page, counted and marked as seen", async () => {
    const { account } = person("en");
    const me = await world.as(account);
    for (let left = 3; left > 0; left--) await world.bus.publish([confirmed(account)]);
    const parent = "accounts/me";
    const whole = await eventually(async () => {
      const answer = await inbox().listNotifications({ parent }, me);
      expect(answer.notifications).toHaveLength(3);
      return answer;
    });
    expect(whole).toMatchObject({ unseenCount: 3, nextPageToken: "" });
    const first = await inbox().listNotifications({ parent, pageSize: 2 }, me);
    const second = await inbox().listNotifications({ parent, pageSize: 2, pageToken: first.nextPageToken }, me);
    expect([...first.notifications, ...second.notifications].map(({ name }) => name)).toEqual(
      whole.notifications.map(({ name }) => name),
    );
    expect(second.nextPageToken).toBe("");
    const other = inbox().listNotifications(
      { parent, pageSize: 2, unseenOnly: true, pageToken: first.nextPageToken },
      me,
    );
    expect(reasonOf(await other.catch((error: unknown) => error))?.reason).toBe("PAGE_TOKEN_INVALID");
    const [latest] = whole.notifications;
    const names = latest === undefined ? [] : [latest.name];
    const request = { parent, names, requestId: randomUUID() };
    expect(await inbox().markSeen(request, me)).toMatchObject({ unseenCount: 2 });
    expect(await inbox().markSeen(request, me)).toMatchObject({ unseenCount: 2 });
    const unseen = await inbox().listNotifications({ parent, unseenOnly: true }, me);
    expect(unseen.notifications.map(({ name }) => name)).not.toContain(latest?.name);
    expect(await inbox().markSeen({ parent, requestId: randomUUID() }, me)).toMatchObject({ unseenCount: 0 });
    await settled();
  });

  test("given somebody else's inbox, then it is not there, and naming their messages does nothing", async () => {
    const [mine, theirs] = [person("en"), person("en")];
    await world.bus.publish([confirmed(theirs.account)]);
    await oneMailTo(theirs.email);
    const them = await world.as(theirs.account);
    const me = await world.as(mine.account);
    const error: unknown = await inbox()
      .listNotifications({ parent: theirs.account }, me)
      .catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: Code.NotFound });
    const { notifications } = await inbox().listNotifications({ parent: theirs.account }, them);
    const names = notifications.map(({ name }) => name);
    await inbox().markSeen({ parent: mine.account, names, requestId: randomUUID() }, me);
    expect(await inbox().listNotifications({ parent: theirs.account }, them)).toMatchObject({ unseenCount: 1 });
  });

  test("given a watcher, then it hears of what comes, and what it missed when it comes back", async () => {
    const { account, email } = person("en");
    const me = await world.as(account);
    const watch = (resumeToken: string) => {
      const controller = new AbortController();
      const stream = inbox().watchNotifications({ parent: account, resumeToken }, { ...me, signal: controller.signal });
      const messages = stream[Symbol.asyncIterator]();
      return {
        next: async () => {
          const { value, done } = await messages.next();
          if (done === true) throw new Error("the stream has ended");
          return value;
        },
        leave: () => controller.abort(),
      };
    };
    const first = watch("");
    const snapshot = await first.next();
    expect(snapshot).toMatchObject({ kind: WatchKind.SNAPSHOT, notifications: [] });
    await world.bus.publish([confirmed(account)]);
    const change = await first.next();
    expect(change).toMatchObject({ kind: WatchKind.CHANGES, notifications: [{ template: "booking-confirmed" }] });
    first.leave();
    await oneMailTo(email);
    const again = watch(snapshot.resumeToken);
    expect((await again.next()).notifications.map(({ name }) => name)).toEqual(
      change.notifications.map(({ name }) => name),
    );
    again.leave();
  });
});

describe("personal data", () => {
  test("is in no row while a message waits, in no event and in no line of the log", async () => {
    const secret = { email: "hidden.person@people.example", code: "860421", name: "Nawal Secret" };
    await world.server.down();
    const { account } = person("en", secret.name);
    const request = codeTo(secret.email, { arguments: { code: secret.code, name: secret.name } });
    const { notification } = await delivery().deliver(request);
    await world.bus.publish([confirmed(account)]);
    await eventually(async () => expect((await deliveriesOf(notification))[0]?.attempts).toBeGreaterThan(0));
    expect((await deliveriesOf(notification))[0]?.message).toBeInstanceOf(Uint8Array);
    const rows = await everyRow();
    const address = world.people.get(account)?.email ?? "";
    for (const text of [secret.email, secret.code, secret.name, address]) {
      expect(rows).not.toContain(text);
      expect(rows).not.toContain(Buffer.from(text).toString("hex"));
    }
    await world.server.up();
    await oneMailTo(secret.email);
    await settled();
    const log = world.logged.join("\n");
    for (const text of [secret.email, secret.code, secret.name, address, "nobody@people.example"])
      expect(log).not.toContain(text);
  });
});

/** Everything that stands in messaging's own tables, its jobs and its outbox; bytes as hex. */
async function everyRow(): Promise<string> {
  const { store } = world.platform.service("messaging");
  return await store.read(async (tx) => {
    const tables = await tx.query<{ name: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_schema in ('messaging', 'messaging_jobs') and table_type = 'BASE TABLE'`,
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(["messaging.delivery"]));
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await tx.query<{ row: string }>(`select t::text as row from ${name} t`);
      texts.push(...rows.map(({ row }) => row));
    }
    return texts.join("\n");
  });
}
