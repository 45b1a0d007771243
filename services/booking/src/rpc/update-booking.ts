import type { HandlerContext } from "@connectrpc/connect";
import {
  type Booking as BookingMessage,
  BookingService,
  type UpdateBookingRequest,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type Auth, checkEtag, invalid, PlatformError, requireActor } from "@dawr/rpc";
import { type KeyRing, once, type Store } from "@dawr/store";
import { requireOwnSayings, updateBooking as sayAnew, sayings } from "../domain/update-booking.ts";
import { parseBookingName } from "../names.ts";
import { findBooking, updateBooking } from "../store/bookings.ts";
import { sealDetails } from "../store/details.ts";
import { sealedAnswers } from "./sealed-answers.ts";
import { mayAt, memberOf, showBooking, viewerOf } from "./show-bookings.ts";

/** What changing what is said about bookings needs. */
export type UpdateDeps = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly auth: Auth;
  readonly now: () => Temporal.Instant;
};

/** Changes what the customer or members say about a booking, each side its own. (BK-06, BK-13) */
export const updateBookingRpc =
  ({ store, keys, auth, now }: UpdateDeps) =>
  async (request: UpdateBookingRequest, context: HandlerContext): Promise<BookingMessage> => {
    const wished = request.booking;
    if (wished === undefined) throw invalid("booking");
    const actor = requireActor(context);
    const key = parseBookingName(wished.name);
    const found = await store.read((tx) => findBooking(tx, key));
    if (found === undefined) throw new PlatformError("NOT_FOUND", { name: wished.name });

    const paths = new Set(request.updateMask?.paths);
    const named = sayings.filter((saying) => paths.has(pathOf[saying]));
    const isCustomer = actor.account === `accounts/${found.customerId}`;
    const isMembers = named.some((saying) => saying !== "customerNote");
    const provider = `providers/${found.providerId}`;
    const isMember = isMembers && (await mayAt(auth, actor.account, provider, "bookings.write"));
    requireOwnSayings(named, { isCustomer, isMember });

    // A member who writes sees it as one, also when the booking is their own.
    const viewer = isMember ? await memberOf(auth, actor, provider) : await viewerOf(auth, actor, found);
    const call = { actor: actor.account, method: BookingService.method.updateBooking, request };
    const change = Object.fromEntries(named.map((saying) => [saying, wished[saying]]));
    return await once(
      store,
      call,
      async (tx) => {
        const sealed = await sealDetails(tx, keys, found, change);
        const updated = await updateBooking(tx, key, actor.account, (booking) => {
          checkEtag(wished, booking.version);
          return sayAnew(booking, sealed, now());
        });
        if (updated === undefined) throw new PlatformError("NOT_FOUND", { name: wished.name });
        return await showBooking(tx, keys, updated, viewer);
      },
      sealedAnswers(keys),
    );
  };

const pathOf = { customerNote: "customer_note", providerNote: "provider_note", joiningUrl: "joining_url" } as const;
