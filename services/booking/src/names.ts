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

/** Whose a policy is: a provider's own, or one service's. */
export type PolicyKey = { readonly providerId: string; readonly serviceId: string | undefined };

/** "providers/{p}/policy" or "providers/{p}/services/{s}/policy" */
export const policyName = ({ providerId, serviceId }: PolicyKey): string =>
  serviceId === undefined ? `providers/${providerId}/policy` : `providers/${providerId}/services/${serviceId}/policy`;

/** Reads what policyName makes; the contract's pattern has checked it before. */
export function parsePolicyName(name: string): PolicyKey {
  const [, providerId, collection, serviceId] = name.split("/");
  if (providerId === undefined) throw new TypeError("not a policy's name");
  return { providerId, serviceId: collection === "services" ? serviceId : undefined };
}

/** "accounts/{a}/dependents/{d}" */
export const dependentName = (customerId: string, id: string): string => `accounts/${customerId}/dependents/${id}`;

/** The last part of a resource name: the resource's own id. */
export const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** Refuses with OTHER_PROVIDER a name that does not lie below the provider. */
export function requireBelow(provider: string, name: string): void {
  if (!name.startsWith(`${provider}/`)) throw new BookingError("OTHER_PROVIDER", { name });
}
