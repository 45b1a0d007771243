import { randomUUID } from "node:crypto";
import { Booking_State, BookingService, PaymentMethod } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { cards } from "../../tools/journey/pay.ts";
import type { Person } from "../../tools/journey/people.ts";
import { publicClient, type Urls } from "../../tools/journey/platform-client.ts";
import type { FreeTime } from "./free-times.ts";

/** How long a booking took as its customer saw it, in milliseconds. */
export type Lap = { readonly wholeMs: number; readonly payToConfirmedMs: number };

/** Somebody who books, and hears on one live stream what becomes of their bookings. */
export type Customer = { book(time: FreeTime): Promise<Lap>; leave(): void };

/** Opens the customer's stream of bookings. */
export async function openCustomer(urls: Urls, person: Person): Promise<Customer> {
  const bookings = publicClient(urls, BookingService, person);
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const over = new AbortController();
  const listening = Promise.withResolvers<void>();
  const listen = async (): Promise<void> => {
    for await (const message of bookings.watchBookings(
      { parent: "accounts/me" },
      { signal: over.signal, timeoutMs: 0 },
    )) {
      listening.resolve();
      for (const { name, state } of message.bookings) {
        if (state === Booking_State.CONFIRMED) waiting.get(name)?.resolve();
        else if (state === Booking_State.EXPIRED) waiting.get(name)?.reject(new Error(`${name} expired`));
      }
    }
  };
  void listen().catch((error: unknown) => {
    if (over.signal.aborted) return;
    listening.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  });
  await listening.promise;

  return {
    async book({ provider, service, staffMember, startTime }) {
      const begun = performance.now();
      const items = [{ service, staffChoice: { case: "staffMember" as const, value: staffMember } }];
      const held = await bookings.holdSlot({ provider, items, startTime, requestId: randomUUID() });
      const name = held.booking?.name ?? "";
      const confirmed = Promise.withResolvers<void>();
      waiting.set(name, confirmed);
      try {
        const { payment } = await bookings.createBooking({
          name,
          paymentMethod: PaymentMethod.ONLINE,
          requestId: randomUUID(),
        });
        const payUrl = payment?.payUrl ?? "";
        await (await fetch(payUrl)).arrayBuffer();
        const paid = performance.now();
        await Promise.all([sendCard(payUrl), confirmed.promise]);
        const now = performance.now();
        return { wholeMs: now - begun, payToConfirmedMs: now - paid };
      } finally {
        waiting.delete(name);
      }
    },
    leave: () => over.abort(),
  };
}

async function sendCard(payUrl: string): Promise<void> {
  const response = await fetch(payUrl, {
    method: "POST",
    body: new URLSearchParams({ number: cards.success, expiry: "12/34", cvc: "123" }),
    redirect: "manual",
    headers: { origin: new URL(payUrl).origin },
  });
  await response.arrayBuffer();
  if (response.status >= 400) throw new Error(`paying was answered ${response.status}`);
}
