import { BookingError } from "./errors.ts";

/** Where a booking takes place: at the provider, at the customer's address, or online. (BK-13) */
export type Place = "PROVIDER" | "CUSTOMER" | "ONLINE";

/** A service by its name, with where it is given. */
export type PlacedService = { readonly service: string; readonly atCustomer: boolean; readonly online: boolean };

/** Where services take place that are booked together; refuses with PLACES_DIFFER those that take place apart. (BK-13) */
export function placeOf(services: readonly PlacedService[]): Place {
  const places = new Set(
    services.map(({ atCustomer, online }): Place => (atCustomer ? "CUSTOMER" : online ? "ONLINE" : "PROVIDER")),
  );
  const [place = "PROVIDER"] = places;
  if (places.size > 1) {
    throw new BookingError("PLACES_DIFFER", { services: services.map(({ service }) => service).join(", ") });
  }
  return place;
}
