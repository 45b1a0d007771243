import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  PaymentMethod as Method,
  type Quote,
  type QuoteBookingRequest,
  QuoteSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { KeyRing } from "@dawr/store";
import type { PaymentMethod } from "../domain/booking.ts";
import { makeQuote, type Quote as Offer, requireMethodOffered } from "../domain/quote.ts";
import { freeUntil } from "../domain/quote-cancellation.ts";
import { gatherTerms, type QuoteSources, type Wish } from "../quotes/gather-terms.ts";
import { sealQuote } from "../quotes/quote-token.ts";
import { priceToProto, timestamp } from "./booking-to-proto.ts";
import { policyToProto } from "./policy-to-proto.ts";

/** What quoting needs. */
export type QuoteDeps = {
  readonly sources: QuoteSources;
  readonly keys: KeyRing;
  readonly now: () => Temporal.Instant;
  readonly quoteLifetime: Temporal.Duration;
};

/** Offers a price and a policy, signed and good for some minutes; a booking made with it is charged exactly that. */
export const quoteBooking =
  (deps: QuoteDeps) =>
  async (request: QuoteBookingRequest): Promise<Quote> => {
    const { provider, items, startTime, partySize } = request;
    const quote = await offer(deps, {
      provider,
      items,
      startTime: Temporal.Instant.fromEpochMilliseconds(startTime === undefined ? 0 : timestampMs(startTime)),
      partySize: Math.max(1, partySize),
      paymentMethod: methodOf(request.paymentMethod),
    });
    const { providerId } = quote;
    const { currencyCode } = quote.price;
    return create(QuoteSchema, {
      items: quote.items.map((item) => ({
        service: `${provider}/services/${item.serviceId}`,
        serviceDisplayName: { texts: { ...item.serviceName } },
        staffMember: item.staffId === undefined ? "" : `${provider}/staff/${item.staffId}`,
        addOns: [...item.addOnNames],
        price: { currencyCode, amountMinor: item.priceMinor },
        platformFee: { currencyCode, amountMinor: item.feeMinor },
        policy: policyToProto(item.policy, { providerId, serviceId: item.serviceId }),
      })),
      price: priceToProto(quote.price),
      policy: policyToProto(quote.policy, { providerId, serviceId: undefined }),
      needsApproval: quote.policy.needsApproval,
      freeCancelUntilTime: timestamp(freeUntil(quote.policy, quote.startTime)),
      hot: quote.isHot,
      quoteToken: sealQuote(quote, deps.keys),
      expireTime: timestamp(quote.expireTime),
    });
  };

/** What a customer is offered now who pays that way; refuses what cannot be booked or paid so. */
export async function offer({ sources, quoteLifetime, now }: QuoteDeps, wish: Wish): Promise<Offer> {
  const quote = makeQuote(await gatherTerms(sources, wish), quoteLifetime, now());
  requireMethodOffered(quote);
  return quote;
}

/** The way of paying that a request names; undefined where it names none. */
export function methodOf(method: Method): PaymentMethod | undefined {
  switch (method) {
    case Method.ONLINE:
      return "ONLINE";
    case Method.CASH:
      return "CASH";
    default:
      return undefined;
  }
}
