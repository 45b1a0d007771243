import type { Client, HandlerContext } from "@connectrpc/connect";
import type { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import {
  type Booking as BookingMessage,
  BookingService,
  type CreateBookingRequest,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { outgoing, PlatformError, requireActor } from "@dawr/rpc";
import { derivedRequestId, once, replayed, type Store, type Tx } from "@dawr/store";
import type { Booking, PaymentMethod } from "../domain/booking.ts";
import { createBooking, requireLiveHold } from "../domain/create-booking.ts";
import { BookingError } from "../domain/errors.ts";
import { type Quote, requireFits } from "../domain/quote.ts";
import { parseBookingName } from "../names.ts";
import { openQuote } from "../quotes/quote-token.ts";
import { slotItemsOf } from "../reservations/booked-items.ts";
import { isRefusedForGood } from "../saga/refused-for-good.ts";
import { findBooking, updateBooking } from "../store/bookings.ts";
import { sealDetails } from "../store/details.ts";
import { findPaymentStart } from "../store/payment-starts.ts";
import { type ForWhomSources, forWhom } from "./for-whom.ts";
import { methodOf, offer, type QuoteDeps } from "./quote-booking.ts";
import { sealedAnswers } from "./sealed-answers.ts";
import { showBooking } from "./show-bookings.ts";
import { startPayment } from "./start-payment.ts";

/** What making a booking needs. */
export type CreateDeps = QuoteDeps & {
  readonly store: Store;
  readonly reservations: Client<typeof ReservationService>;
  readonly payments: Client<typeof PaymentService>;
  readonly people: ForWhomSources;
};

/**
 * Turns the caller's hold into a booking at exactly the quoted terms, and starts the payment; the answer says where to pay.
 * What costs nothing, or is paid at the venue, is confirmed at once. (BK-02, BK-03, BK-05)
 */
export const createBookingRpc =
  (deps: CreateDeps) =>
  async (request: CreateBookingRequest, context: HandlerContext): Promise<BookingMessage> => {
    const { store, keys, now } = deps;
    const answers = sealedAnswers(keys);
    const actor = requireActor(context).account;
    const call = { actor, method: BookingService.method.createBooking, request };
    const key = parseBookingName(request.name);
    const [known, held, started] = await store.read((tx) =>
      Promise.all([replayed(tx, call, answers), findBooking(tx, key), findPaymentStart(tx, key.id)]),
    );
    if (known !== undefined) return known;

    try {
      if (held === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
      requireLiveHold(held, now());
      const method = methodOf(request.paymentMethod) ?? "ONLINE";
      const quote = await quoteFor(deps, held, { token: request.quoteToken, started, method });
      const { dependentId, details } = await forWhom(deps.people, held, quote, request);

      const paysNow = quote.price.dueNowMinor > 0n;
      const payment = paysNow ? await startPayment(deps, held, quote, request, context) : undefined;
      if (!paysNow) await makeFirm(deps, held, request, context);
      const make = async (tx: Tx) => {
        const sealed = await sealDetails(tx, keys, held, details);
        const created = await updateBooking(tx, key, actor, (booking) =>
          createBooking(booking, quote, payment, now(), { dependentId, sealed }),
        );
        if (created === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
        return await showBooking(tx, keys, created, { account: actor, provider: undefined });
      };
      return await once(store, call, make, answers);
    } catch (error) {
      // The same request, sent twice at once, may have been done since it was asked for: then this one has its answer.
      const done = await replayed(store, call, answers);
      if (done !== undefined) return done;
      throw error;
    }
  };

type Offers = {
  /** What the caller shows; empty for none. */
  readonly token: string;
  /** What a payment was asked for already. */
  readonly started: string | undefined;
  readonly method: PaymentMethod;
};

async function quoteFor(deps: CreateDeps, held: Booking, { token, started, method }: Offers): Promise<Quote> {
  if (token !== "") {
    const quote = openQuote(token, deps.keys);
    requireFits(quote, held, method, deps.now());
    return quote;
  }
  // A payment was asked for already, but its answer lost: what it was asked for still holds.
  if (method === "ONLINE" && started !== undefined) return openQuote(started, deps.keys);
  const provider = `providers/${held.providerId}`;
  return await offer(deps, {
    provider,
    items: slotItemsOf(held),
    startTime: held.startTime,
    partySize: held.partySize,
    paymentMethod: method,
  });
}

/** Makes the reservation firm before the booking says so; if the booking then fails, its hold still ends and gives it back. */
async function makeFirm(
  deps: CreateDeps,
  held: Booking,
  request: CreateBookingRequest,
  context: HandlerContext,
): Promise<void> {
  try {
    await deps.reservations.confirmReservation(
      {
        name: held.reservation.name,
        fencingToken: held.reservation.fencingToken,
        requestId: derivedRequestId(held.id, `confirm-reservation ${request.requestId}`),
      },
      outgoing(context),
    );
  } catch (cause) {
    if (!isRefusedForGood(cause)) throw cause;
    throw new BookingError("HOLD_EXPIRED", { hold_expire_time: held.holdExpireTime.toString() }, { cause });
  }
}
