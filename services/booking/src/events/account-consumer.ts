import { type Consumer, defineConsumer, on } from "@dawr/events";
import { AccountErasedSchema } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { destroyDataKey } from "@dawr/store";

/** Destroys the key of people whose data is erased: their bookings stay, what they said about them cannot be read. (ID-12) */
export function accountConsumer(): Consumer {
  return defineConsumer({
    name: "booking.accounts",
    from: "identity",
    handlers: [on(AccountErasedSchema, (tx, { account }) => destroyDataKey(tx, account))],
  });
}
