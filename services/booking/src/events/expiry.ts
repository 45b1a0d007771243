import { nextDeadline, type Timer } from "@dawr/runtime";
import type { Store } from "@dawr/store";
import { expireBooking, hasLapsed } from "../domain/end-hold.ts";
import { deadlineChannel, updateBooking } from "../store/bookings.ts";

const batch = 200;
/** Bookings ended at once: so many connections are not needed by who waits for an answer. */
const atOnce = 4;
const waiting = "state in ('HELD', 'PENDING_PAYMENT', 'PENDING_APPROVAL') and payment_state <> 'PAID'";

/**
 * Ends bookings whose hold has run out. Only tidiness hangs on it: availability gives the time of a lapsed hold to the next
 * who asks, whether or not the booking says so yet. (AV-03)
 */
export function expiryTimer(store: Store, now: () => Temporal.Instant): Timer {
  return nextDeadline({
    name: "booking.expiry",
    channel: deadlineChannel,
    isEarlier: (payload, deadline) => Temporal.Instant.compare(payload, deadline) < 0,
    next: async () => {
      const [row] = await store.read((tx) =>
        tx.query<{ at: Temporal.Instant | null }>(`select min(hold_expire_time) as at from booking where ${waiting}`),
      );
      return row?.at ?? undefined;
    },
    fire: async () => {
      const at = now();
      const due = await store.read((tx) =>
        tx.query<{ provider_id: string; id: string }>(
          `select provider_id, id from booking where ${waiting} and hold_expire_time <= $1 order by hold_expire_time limit ${batch}`,
          [at],
        ),
      );
      const expire = (providerId: string, id: string) =>
        store.transaction((tx) =>
          // Whoever paid or cancelled since then was first.
          updateBooking(tx, { providerId, id }, "services/booking", (booking) =>
            hasLapsed(booking, at) ? expireBooking(booking, at) : undefined,
          ),
        );
      const lanes = Array.from({ length: atOnce }, (_, lane) => due.filter((_, index) => index % atOnce === lane));
      await Promise.all(
        lanes.map(async (lane) => {
          for (const { provider_id, id } of lane) await expire(provider_id, id);
        }),
      );
    },
  });
}
