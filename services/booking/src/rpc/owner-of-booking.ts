import { type Owner, ownerByName } from "@dawr/rpc";
import type { Store } from "@dawr/store";
import { bookingName, parseBookingName } from "../names.ts";

/** Whose bookings are: kept in memory as far as there is room, since a booking never changes hands and never goes. */
export type BookingOwners = {
  readonly ownerOf: (name: string) => Promise<Owner | undefined>;
  /** Spares the look for a booking that is known to be committed. */
  readonly remember: (booking: {
    readonly providerId: string;
    readonly id: string;
    readonly customerId: string;
  }) => void;
};

const mostKept = 10_000;

/** Whose a name is: a booking is its customer's and its provider's; anything else tells it by its name. */
export function bookingOwners(store: Store): BookingOwners {
  const customers = new Map<string, string>();

  function keep(name: string, customerId: string): void {
    customers.set(name, customerId);
    const [oldest] = customers.keys();
    if (customers.size > mostKept && oldest !== undefined) customers.delete(oldest);
  }

  async function customerOf(name: string): Promise<string | undefined> {
    const known = customers.get(name);
    if (known !== undefined) return known;
    const { providerId, id } = parseBookingName(name);
    const [row] = await store.read((tx) =>
      tx.query<{ customer_id: string }>("select customer_id from booking where provider_id = $1 and id = $2", [
        providerId,
        id,
      ]),
    );
    if (row !== undefined) keep(name, row.customer_id);
    return row?.customer_id;
  }

  return {
    ownerOf: async (name) => {
      if (!/^providers\/[^/]+\/bookings\/[^/]+$/.test(name)) return await ownerByName(name);
      const customerId = await customerOf(name);
      if (customerId === undefined) return undefined;
      return { account: `accounts/${customerId}`, provider: `providers/${parseBookingName(name).providerId}` };
    },
    remember: (booking) => keep(bookingName(booking), booking.customerId),
  };
}
