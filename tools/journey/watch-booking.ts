import { type Booking, Booking_State, BookingService } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { Person } from "./people.ts";
import { publicClient, type Urls } from "./platform-client.ts";

/** Waits, on the live stream of a customer's bookings, until one of them fits; throws after the given seconds. */
export async function waitForBooking(
  urls: Urls,
  person: Person,
  name: string,
  fits: (booking: Booking) => boolean,
  seconds = 20,
): Promise<Booking> {
  const bookings = publicClient(urls, BookingService, person);
  const over = AbortSignal.timeout(seconds * 1_000);
  const first = await bookings.getBooking({ name });
  if (fits(first)) return first;
  let last = first;
  try {
    for await (const message of bookings.watchBookings(
      { parent: "accounts/me" },
      { signal: over, timeoutMs: seconds * 1_000 },
    )) {
      const found = message.bookings.find((booking) => booking.name === name);
      if (found !== undefined) last = found;
      if (found !== undefined && fits(found)) return found;
    }
  } catch (cause) {
    throw new Error(`after ${seconds} s the booking is ${Booking_State[last.state]}`, { cause });
  }
  throw new Error(`the stream ended while the booking is ${Booking_State[last.state]}`);
}
