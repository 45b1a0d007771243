import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Event } from "@dawr/events";
import { Booking_State } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { BookingConfirmedSchema } from "@dawr/gen/dawr/booking/v1/events_pb.js";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { NotificationService } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { eventually } from "@dawr/testkit";
import { expect } from "@jest/globals";
import { eventOf, provider, type World } from "./world.ts";

const jod = (amountMinor: bigint) => ({ currencyCode: "JOD", amountMinor });

/** A booking of somebody, tomorrow in Amman: 40 dinars, of which 12 are a deposit. */
export function bookingOf(account: string, more: object = {}) {
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
    price: { total: jod(40_000n), dueNow: jod(12_000n), dueAtVenue: jod(28_000n) },
    ...more,
  };
}

/** The event that a booking of somebody was confirmed. */
export const confirmed = (account: string): Event => {
  const booking = bookingOf(account);
  return eventOf("booking", BookingConfirmedSchema, { booking }, { subject: booking.name });
};

/** A request that a code be sent to an address. */
export function codeTo(email: string, more: object = {}) {
  return {
    recipient: { case: "email" as const, value: email },
    template: "verification-code",
    locale: "en",
    arguments: { code: "493817", name: "Layla" },
    requestId: randomUUID(),
    ...more,
  };
}

/** What tests do with messaging and see of it. */
export function correspondence(world: () => World) {
  const messagingStore = () => world().platform.service("messaging").store;
  /** Asks until the check passes, while time goes by: pauses between attempts are by the platform's clock, which stands still here. */
  const inTime = <T>(check: () => T | Promise<T>) =>
    eventually(
      () => {
        world().clock.advance({ milliseconds: 100 });
        return check();
      },
      { timeoutMs: 15_000 },
    );
  const mailsTo = (email: string) => world().server.mails.filter(({ to }) => to.includes(email));
  return {
    inTime,
    mailsTo,
    oneMailTo: (email: string) =>
      inTime(() => {
        const [mail] = mailsTo(email);
        if (mail === undefined) throw new Error("no mail has come");
        return mail;
      }),
    /** Waits until nothing is on its way any more. */
    settled: () =>
      inTime(async () => {
        expect(await messagingStore().query("select 1 from delivery where state in ('WAITING', 'QUEUED')")).toEqual([]);
      }),
    deliveriesOf: (notification: string) =>
      messagingStore().query<{ state: string; attempts: number; message: Uint8Array | null }>(
        "select state, attempts, message from delivery where notification_id = $1",
        [notification.slice(notification.lastIndexOf("/") + 1)],
      ),
    delivery: () => world().platform.internal(DeliveryService, { workload: "identity" }),
    inbox: () => world().platform.internal(NotificationService),
    person(locale: "en" | "ar", displayName = locale === "ar" ? "ليلى" : "Layla") {
      const account = `accounts/${randomUUID()}`;
      const email = `${randomUUID().slice(0, 8)}@people.example`;
      world().people.set(account, { displayName, email, locale });
      return { account, email };
    },
  };
}
