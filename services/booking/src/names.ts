import { BookingError } from "./domain/errors.ts";

/** The parts of a booking's resource name. */
export type BookingKey = { readonly providerId: string; readonly id: string };

/** "providers/{p}/bookings/{b}" */
export const bookingName = ({ providerId, id }: BookingKey): string => `providers/${providerId}/bookings/${id}`;

/** Reads "providers/{p}/bookings/{b}"; the contract's pattern has checked it before. */
export function parseBookingName(name: string): BookingKey {
  const [, providerId, , id] = name.split("/");
  if (providerId === undefined || id === undefined) throw new TypeError("not a booking's name");
  return { providerId, id };
}

/** The last part of a resource name: the resource's own id. */
export const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** Refuses with OTHER_PROVIDER a name that does not lie below the provider. */
export function requireBelow(provider: string, name: string): void {
  if (!name.startsWith(`${provider}/`)) throw new BookingError("OTHER_PROVIDER", { name });
}
