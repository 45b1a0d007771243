import { type Client, Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { CreateBookingRequest } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { callOf, outgoing, reasonOf } from "@dawr/rpc";
import { derivedRequestId, type KeyRing, type Store } from "@dawr/store";
import type { Booking } from "../domain/booking.ts";
import { BookingError } from "../domain/errors.ts";
import { isSameOffer, type Quote } from "../domain/quote.ts";
import { bookingName } from "../names.ts";
import { openQuote, sealQuote } from "../quotes/quote-token.ts";
import { beginPayment, endPaymentStart } from "../store/payment-starts.ts";
import { timestamp } from "./booking-to-proto.ts";

/** What starting payments needs. */
export type PaymentDeps = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly now: () => Temporal.Instant;
  readonly payments: Client<typeof PaymentService>;
};

/** A payment that waits for its customer. */
export type StartedPayment = { readonly name: string; readonly payUrl: string };

/**
 * Starts the one payment of a booking; repeating it finds it again. Its terms are stored before it is asked for; another
 * quote is refused with QUOTE_MISMATCH from then on. Errors: PAYMENT_UNAVAILABLE, RETURN_URL_NOT_ALLOWED.
 */
export async function startPayment(
  deps: PaymentDeps,
  held: Booking,
  quote: Quote,
  request: CreateBookingRequest,
  context: HandlerContext,
): Promise<StartedPayment> {
  const { store, keys, now } = deps;
  const counting = await beginPayment(store, held.id, sealQuote(quote, keys), now());
  if (!isSameOffer(openQuote(counting, keys), quote)) throw new BookingError("QUOTE_MISMATCH");
  try {
    const payment = await deps.payments.createPayment(wishOf(held, quote, request, context), outgoing(context));
    return { name: payment.name, payUrl: payment.payUrl };
  } catch (cause) {
    const reason = reasonOf(cause)?.reason ?? "";
    if (reason === "RETURN_URL_NOT_ALLOWED") {
      await store.transaction((tx) => endPaymentStart(tx, held.id));
      throw new BookingError(reason, { return_url: request.returnUrl }, { cause });
    }
    if (unavailable.has(reason) || isAway(cause)) throw new BookingError("PAYMENT_UNAVAILABLE", {}, { cause });
    throw cause;
  }
}

const unavailable: ReadonlySet<string> = new Set(["GATEWAY_UNAVAILABLE", "GATEWAY_REFUSED"]);

function isAway(error: unknown): boolean {
  return error instanceof ConnectError && (error.code === Code.Unavailable || error.code === Code.DeadlineExceeded);
}

function wishOf(held: Booking, quote: Quote, request: CreateBookingRequest, context: HandlerContext) {
  const { price } = quote;
  const money = (amountMinor: bigint) => ({ currencyCode: price.currencyCode, amountMinor });
  const { locale } = callOf(context);
  return {
    booking: bookingName(held),
    account: `accounts/${held.customerId}`,
    // A deposit where the terms ask for one; the rest is paid at the venue. (BK-07)
    amounts: {
      servicePrice: money(price.dueNowServiceMinor),
      tax: money(price.dueNowTaxMinor),
      platformFee: money(price.dueNowFeeMinor),
      total: money(price.dueNowMinor),
    },
    description: quote.items
      .map((item) => item.serviceName[locale] ?? item.serviceName.en ?? "")
      .join(", ")
      .slice(0, 200),
    returnUrl: request.returnUrl,
    payExpireTime: timestamp(held.holdExpireTime),
    locale,
    // Of the booking, whose id is ours: what clients choose as request ids may be the same for two people. The language is
    // not part of the caller's request, so that a repetition may come in another.
    requestId: derivedRequestId(held.id, `create-payment ${request.requestId} ${locale}`),
  };
}
