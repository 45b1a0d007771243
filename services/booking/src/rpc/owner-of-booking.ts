import { type Owner, ownerByName } from "@dawr/rpc";
import type { Store } from "@dawr/store";
import { parseBookingName } from "../names.ts";

/** Whose a name is: a booking is its customer's and its provider's; anything else tells it by its name. */
export const ownerOfBooking =
  (store: Store) =>
  async (name: string): Promise<Owner | undefined> => {
    if (!/^providers\/[^/]+\/bookings\/[^/]+$/.test(name)) return await ownerByName(name);
    const { providerId, id } = parseBookingName(name);
    const [row] = await store.read((tx) =>
      tx.query<{ customer_id: string }>("select customer_id from booking where provider_id = $1 and id = $2", [
        providerId,
        id,
      ]),
    );
    return row === undefined
      ? undefined
      : { account: `accounts/${row.customer_id}`, provider: `providers/${providerId}` };
  };
