import type { Booking as BookingMessage } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { Actor, Auth } from "@dawr/rpc";
import { findDataKeys, type KeyRing, type Store, type Tx } from "@dawr/store";
import type { Booking } from "../domain/booking.ts";
import { parseBookingName } from "../names.ts";
import { findBooking } from "../store/bookings.ts";
import { hasDetails, keyOwner, openDetails } from "../store/details.ts";
import { bookingToProto } from "./booking-to-proto.ts";

/** Who looks at bookings: the customer's account, and the provider whose members see all of theirs. */
export type Viewer = { readonly account: string | undefined; readonly provider: string | undefined };

/** Who looks at the bookings of a provider that the contract's rule let them see: members see all, operators no notes. */
export async function memberOf(auth: Auth, actor: Actor | undefined, provider: string): Promise<Viewer> {
  if (actor === undefined) return { account: undefined, provider: undefined };
  const isMember = await mayAt(auth, actor.account, provider, "bookings.read");
  return { account: actor.account, provider: isMember ? provider : undefined };
}

/** Who looks at one booking. Its customer sees it as such, and does not wait for what else they may be. */
export async function viewerOf(
  auth: Auth,
  actor: Actor | undefined,
  { customerId, providerId }: Pick<Booking, "customerId" | "providerId">,
): Promise<Viewer> {
  if (actor?.account === `accounts/${customerId}`) return { account: actor.account, provider: undefined };
  return await memberOf(auth, actor, `providers/${providerId}`);
}

/** Whether an account has a permission at a provider. */
export async function mayAt(auth: Auth, account: string, provider: string, permission: string): Promise<boolean> {
  const memberships = await auth.memberships(account);
  return memberships.some((member) => member.provider === provider && member.permissions.includes(permission));
}

/**
 * Bookings as the viewer may see them: the customer what they said themselves, where it is and whom it is for; members
 * besides that their own notes; nobody else any of it, nor events. What was erased is left out. (BK-06, ID-12)
 */
export async function showBookings(
  source: Pick<Tx, "query">,
  keys: KeyRing,
  bookings: readonly Booking[],
  viewer: Viewer,
): Promise<BookingMessage[]> {
  const seen = bookings.map((booking) => ({ booking, ...sightOf(booking, viewer) }));
  const owners = seen.flatMap(({ booking, seesCustomer }) =>
    seesCustomer
      ? (["customer", "provider"] as const)
          .filter((side) => hasDetails(booking, side))
          .map((side) => keyOwner(side, booking))
      : [],
  );
  const dataKeys = await findDataKeys(source, keys, owners);
  return seen.map(({ booking, seesCustomer, isMember }) => {
    const message = bookingToProto(booking, viewer.account);
    if (!seesCustomer) return message;
    const said = {
      ...openDetails(booking, "customer", dataKeys.get(keyOwner("customer", booking))),
      ...openDetails(booking, "provider", dataKeys.get(keyOwner("provider", booking))),
    };
    const { providerNote = "", ...forBoth } = said;
    return Object.assign(message, forBoth, isMember ? { providerNote } : {});
  });
}

/** The same for one booking. */
export async function showBooking(
  source: Pick<Tx, "query">,
  keys: KeyRing,
  booking: Booking,
  viewer: Viewer,
): Promise<BookingMessage> {
  const [message] = await showBookings(source, keys, [booking], viewer);
  if (message === undefined) throw new Error("a booking was not shown");
  return message;
}

/**
 * An answer that was kept without what is said about its booking, with that as it is now: for changes that others than the
 * caller may bring to their end.
 */
export async function withDetails(
  { store, keys, auth }: { readonly store: Store; readonly keys: KeyRing; readonly auth: Auth },
  answer: BookingMessage,
  actor: Actor,
): Promise<BookingMessage> {
  const booking = await store.read((tx) => findBooking(tx, parseBookingName(answer.name)));
  if (booking === undefined) return answer;
  const now = await showBooking(store, keys, booking, await viewerOf(auth, actor, booking));
  const { customerNote, providerNote, joiningUrl, address, dependentDetails } = now;
  return Object.assign(answer, {
    ...{ customerNote, providerNote, joiningUrl },
    ...(address && { address }),
    ...(dependentDetails && { dependentDetails }),
  });
}

function sightOf(booking: Booking, { account, provider }: Viewer) {
  const isMember = provider === `providers/${booking.providerId}`;
  return { isMember, seesCustomer: isMember || account === `accounts/${booking.customerId}` };
}
