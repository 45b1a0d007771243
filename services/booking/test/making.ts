import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Booking,
  type CreateBookingRequestSchema,
  PaymentMethod,
  type Quote,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { provider } from "./neighbours.ts";
import { type As, requestId, type World } from "./world.ts";

/** Somebody who signed in, and the name of their account. */
export type Person = As & { readonly account: string };

/** An item with a staff member of the customer's choice. */
export const chosen = (service: string, staffMember: string, addOns: string[] = []) => ({
  service,
  staffChoice: { case: "staffMember" as const, value: staffMember },
  addOns,
});

/** An item with whoever is free. */
export const anyone = (service: string) => ({ service, staffChoice: { case: "anyStaff" as const, value: true } });

/** The steps from a hold to a booking, as a test's customer and a provider's owner take them. */
export function making(those: () => { readonly world: World; readonly ana: Person; readonly owner: Person }) {
  const bookings = () => those().world.bookings();
  return {
    async held(items: object[], hours = 30, who: As = those().ana): Promise<Booking> {
      const start = those()
        .world.clock.now()
        .add({ seconds: Math.round(hours * 3600) });
      const startTime = timestampFromMs(start.epochMilliseconds);
      const { booking } = await bookings().holdSlot(
        { provider, items: items as never, startTime, requestId: requestId() },
        who,
      );
      if (booking === undefined) throw new Error("no booking");
      return booking;
    },
    quoted: (
      items: object[],
      { startTime }: Pick<Booking, "startTime">,
      paymentMethod = PaymentMethod.ONLINE,
    ): Promise<Quote> =>
      bookings().quoteBooking({
        provider,
        items: items as never,
        ...(startTime === undefined ? {} : { startTime }),
        paymentMethod,
      }),
    createIt: (
      { name }: Booking,
      more: Omit<MessageInitShape<typeof CreateBookingRequestSchema>, "$typeName" | "name"> = {},
      who: As = those().ana,
    ): Promise<Booking> =>
      bookings().createBooking({ name, paymentMethod: PaymentMethod.ONLINE, requestId: requestId(), ...more }, who),
    callsOf: (method: string) => those().world.around.calls.filter((call) => call.method === method),
    setPolicy: (policy: object, paths: string[]) =>
      those()
        .world.policies()
        .updatePolicy(
          { policy: { name: `${provider}/policy`, ...policy }, updateMask: { paths }, requestId: requestId() },
          those().owner,
        ),
  };
}
