import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type Booking as BookingMessage,
  BookingService,
  type CancelBookingRequest,
  type CancellationQuote,
  CancellationQuoteSchema,
  type QuoteCancellationRequest,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type Auth, PlatformError, requireActor } from "@dawr/rpc";
import { type KeyRing, once, type Store } from "@dawr/store";
import { cancelBooking } from "../domain/cancel-booking.ts";
import { BookingError } from "../domain/errors.ts";
import { mayMove } from "../domain/moves.ts";
import { freeUntil, quoteCancellation } from "../domain/quote-cancellation.ts";
import { parseBookingName } from "../names.ts";
import { findBooking, updateBooking } from "../store/bookings.ts";
import { noCurrency, timestamp } from "./booking-to-proto.ts";
import { sealedAnswers } from "./sealed-answers.ts";
import { showBooking, viewerOf } from "./show-bookings.ts";
import { sideOf } from "./side-of.ts";

/** What cancelling needs. */
export type CancelDeps = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly auth: Auth;
  readonly now: () => Temporal.Instant;
};

/** Shows what cancelling now would cost and give back, before anything is done. (BK-05) */
export const quoteCancellationRpc =
  (deps: CancelDeps) =>
  async (request: QuoteCancellationRequest, context: HandlerContext): Promise<CancellationQuote> => {
    const booking = await deps.store.read((tx) => findBooking(tx, parseBookingName(request.name)));
    if (booking === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
    if (!mayMove(booking.state, "CANCELLED"))
      throw new BookingError("BOOKING_NOT_CANCELLABLE", { state: booking.state });
    const by = await sideOf(deps.auth, booking, context);
    const quote = quoteCancellation(booking, by, deps.now());
    const money = (amountMinor: bigint) => ({ currencyCode: booking.price?.currencyCode ?? noCurrency, amountMinor });
    return create(CancellationQuoteSchema, {
      booking: request.name,
      penalty: money(quote.penaltyMinor),
      refund: money(quote.refundMinor),
      feeRefund: money(quote.feeRefundMinor),
      ...(booking.policy === undefined
        ? {}
        : { freeUntilTime: timestamp(freeUntil(booking.policy, booking.startTime)) }),
    });
  };

/** Cancels a booking for the penalty that the caller accepts; its time is free and its refund on the way a moment later. (BK-05) */
export const cancelBookingRpc =
  (deps: CancelDeps) =>
  async (request: CancelBookingRequest, context: HandlerContext): Promise<BookingMessage> => {
    const { store, keys, now } = deps;
    const actor = requireActor(context).account;
    const key = parseBookingName(request.name);
    const found = await store.read((tx) => findBooking(tx, key));
    if (found === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
    const by = await sideOf(deps.auth, found, context);
    const viewer = await viewerOf(deps.auth, requireActor(context), found);
    const { amountMinor = 0n, currencyCode = "" } = request.acceptedPenalty ?? {};
    const cancelling = { by, reason: request.reason, acceptedPenalty: { amountMinor, currencyCode } };
    return await once(
      store,
      { actor, method: BookingService.method.cancelBooking, request },
      async (tx) => {
        const cancelled = await updateBooking(tx, key, actor, (booking) => cancelBooking(booking, cancelling, now()));
        if (cancelled === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
        return await showBooking(tx, keys, cancelled, viewer);
      },
      sealedAnswers(keys),
    );
  };
