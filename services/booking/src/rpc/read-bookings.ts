import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type Booking,
  Booking_State,
  type GetBookingRequest,
  type ListBookingEventsRequest,
  type ListBookingEventsResponse,
  ListBookingEventsResponseSchema,
  type ListBookingsRequest,
  type ListBookingsResponse,
  ListBookingsResponseSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type Auth, callOf, PlatformError } from "@dawr/rpc";
import { type KeyRing, readPageToken, type Store, signPageToken } from "@dawr/store";
import type { State } from "../domain/booking.ts";
import { bookingName, idOf, parseBookingName } from "../names.ts";
import { findBooking } from "../store/bookings.ts";
import { listBookings, listHistory } from "../store/list-bookings.ts";
import { timestamp } from "./booking-to-proto.ts";
import { memberOf, showBooking, showBookings, viewerOf } from "./show-bookings.ts";

/** What reading needs. */
export type ReadDeps = { readonly store: Store; readonly keys: KeyRing; readonly auth: Auth };

const defaultPageSize = 50;

/** Gets one booking. */
export const getBooking =
  ({ store, keys, auth }: ReadDeps) =>
  async (request: GetBookingRequest, context: HandlerContext): Promise<Booking> => {
    const booking = await store.read((tx) => findBooking(tx, parseBookingName(request.name)));
    if (booking === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
    const viewer = await viewerOf(auth, callOf(context).actor, booking);
    return await showBooking(store, keys, booking, viewer);
  };

/** Lists the bookings of a customer or a provider, the latest made first, page by page. */
export const listBookingsRpc =
  ({ store, keys, auth }: ReadDeps) =>
  async (request: ListBookingsRequest, context: HandlerContext): Promise<ListBookingsResponse> => {
    const { parent, states, startRange, pageToken } = request;
    const query = {
      parent,
      states: [...states].sort(),
      from: startRange?.startTime === undefined ? "" : String(timestampMs(startRange.startTime)),
      before: startRange?.endTime === undefined ? "" : String(timestampMs(startRange.endTime)),
    };
    const cursor = readPageToken({ key: keys, query, token: pageToken });
    const limit = request.pageSize === 0 ? defaultPageSize : request.pageSize;
    const bookings = await store.read((tx) =>
      listBookings(tx, {
        customerId: parent.startsWith("accounts/") ? idOf(parent) : undefined,
        providerId: parent.startsWith("providers/") ? idOf(parent) : undefined,
        states: states.map((state) => stateName(state)),
        startFrom: query.from === "" ? undefined : Temporal.Instant.fromEpochMilliseconds(Number(query.from)),
        startBefore: query.before === "" ? undefined : Temporal.Instant.fromEpochMilliseconds(Number(query.before)),
        beforeId: typeof cursor === "string" ? cursor : undefined,
        limit: limit + 1,
      }),
    );
    const { actor } = callOf(context);
    const viewer = parent.startsWith("providers/")
      ? await memberOf(auth, actor, parent)
      : { account: actor?.account, provider: undefined };
    const page = bookings.slice(0, limit);
    const last = page.at(-1);
    const hasMore = bookings.length > limit && last !== undefined;
    return create(ListBookingsResponseSchema, {
      bookings: await showBookings(store, keys, page, viewer),
      nextPageToken: hasMore ? signPageToken({ key: keys, query, cursor: last.id }) : "",
    });
  };

/** Lists the changes of a booking, with who, when and why. (BK-01) */
export const listBookingEvents =
  ({ store, keys }: Omit<ReadDeps, "auth">) =>
  async (request: ListBookingEventsRequest): Promise<ListBookingEventsResponse> => {
    const { parent, pageToken } = request;
    const key = parseBookingName(parent);
    const cursor = readPageToken({ key: keys, query: { parent }, token: pageToken });
    const limit = request.pageSize === 0 ? defaultPageSize : request.pageSize;
    const entries = await store.read((tx) =>
      listHistory(tx, key.providerId, key.id, typeof cursor === "bigint" ? cursor : 0n, limit + 1),
    );
    const page = entries.slice(0, limit);
    const last = page.at(-1);
    const hasMore = entries.length > limit && last !== undefined;
    return create(ListBookingEventsResponseSchema, {
      bookingEvents: page.map((entry) => ({
        name: `${bookingName(key)}/events/${entry.version}`,
        fromState: stateNumber(entry.from_state),
        toState: stateNumber(entry.state),
        actor: entry.changed_by,
        reason: entry.reason,
        createTime: timestamp(entry.change_time),
      })),
      nextPageToken: hasMore ? signPageToken({ key: keys, query: { parent }, cursor: last.version }) : "",
    });
  };

function stateName(state: Booking_State): State {
  const name = Booking_State[state];
  if (name === undefined || name === "UNSPECIFIED") throw new RangeError("the contract allows no unspecified state");
  return name as State;
}

function stateNumber(name: string): Booking_State {
  const found = Object.entries(Booking_State).find(([key]) => key === name)?.[1];
  return typeof found === "number" ? found : Booking_State.UNSPECIFIED;
}
