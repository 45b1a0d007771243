import { type Consumer, defineConsumer, on, UnprocessableEvent } from "@dawr/events";
import { RefundSucceededSchema } from "@dawr/gen/dawr/payment/v1/events_pb.js";
import { idOf } from "../names.ts";
import { postWishes, type WishDeps } from "../store/wishes.ts";
import { amount } from "./booking-arguments.ts";

/** Tells customers that money is on its way back to them. (MS-03) */
export function paymentConsumer(deps: WishDeps): Consumer {
  return defineConsumer({
    name: "messaging.payments",
    from: "payment",
    handlers: [
      on(RefundSucceededSchema, async (tx, { payment, refund }, event) => {
        if (payment === undefined || refund?.amount === undefined)
          throw new UnprocessableEvent("the event tells of no refund");
        // Payments of other things than bookings have messages of their own.
        if (payment.booking === "" || payment.account === "" || refund.amount.amountMinor <= 0n) return;
        postWishes(tx, deps, [
          {
            sourceId: event.id,
            recipient: { kind: "account", accountId: idOf(payment.account) },
            template: "booking-refunded",
            locale: "",
            arguments: { booking: payment.booking, ...amount("refund", refund.amount) },
            subject: payment.booking,
            channels: ["EMAIL", "INBOX"],
          },
        ]);
      }),
    ],
  });
}
