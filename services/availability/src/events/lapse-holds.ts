import { nextDeadline, type Timer } from "@dawr/runtime";
import type { Store } from "@dawr/store";
import { dueHolds, lapseHolds, nextExpiry } from "../store/expiry.ts";
import { holdChannel } from "../store/reservations.ts";
import { publishLapsed } from "./lapsed.ts";

/** Ends holds when their time is over, so that others are told; who reserves does not wait for it. (AV-03) */
export function lapseHoldsTimer(store: Store): Timer {
  return nextDeadline({
    name: "lapse-holds",
    channel: holdChannel,
    isEarlier: (payload, deadline) => Temporal.Instant.compare(payload, deadline) < 0,
    next: () => store.read(nextExpiry),
    fire: async () => {
      const due = await store.read((tx) => dueHolds(tx, BATCH));
      for (const [providerId, ids] of due) {
        await store.transaction(async (tx) => publishLapsed(tx, providerId, await lapseHolds(tx, providerId, ids)));
      }
    },
  });
}

const BATCH = 500;
