import { AvailabilityError } from "../domain/errors.ts";

/** "providers/{p}" */
export const providerName = (providerId: string): string => `providers/${providerId}`;

/** The provider's id in the name of anything that belongs to one; the contract's pattern has checked the name. */
export function providerIdOf(name: string): string {
  const [, id] = name.split("/");
  if (!id) throw new TypeError("not the name of something of a provider");
  return id;
}

/** The last id of a name. */
export const lastIdOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** The last id of a name that must belong to the provider. Error: OTHER_PROVIDER. */
export function idBelow(providerId: string, name: string): string {
  if (providerIdOf(name) !== providerId) throw new AvailabilityError("OTHER_PROVIDER", { name });
  return lastIdOf(name);
}

export const serviceName = (providerId: string, id: string): string => `providers/${providerId}/services/${id}`;
export const staffName = (providerId: string, id: string): string => `providers/${providerId}/staff/${id}`;
export const resourceName = (providerId: string, id: string): string => `providers/${providerId}/resources/${id}`;
export const reservationName = (providerId: string, id: string): string => `providers/${providerId}/reservations/${id}`;
export const timeOffName = (providerId: string, id: string): string => `providers/${providerId}/timeOff/${id}`;

/** Whose schedule or time off a name is about: the provider's own id, or that of a staff member or resource. */
export function ownerIdOf(name: string): string {
  const parts = name.split("/");
  return parts[2] === "staff" || parts[2] === "resources" ? (parts[3] ?? "") : providerIdOf(name);
}

/** What the owner of a schedule or time off is. */
export function ownerKindOf(name: string): "PROVIDER" | "STAFF" | "RESOURCE" {
  const [, , collection] = name.split("/");
  return collection === "staff" ? "STAFF" : collection === "resources" ? "RESOURCE" : "PROVIDER";
}
