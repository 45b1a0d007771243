import { type Consumer, defineConsumer, on, UnprocessableEvent } from "@dawr/events";
import {
  PaymentFailedSchema,
  PaymentSucceededSchema,
  RefundSucceededSchema,
} from "@dawr/gen/dawr/payment/v1/events_pb.js";
import type { Payment, PaymentAmounts } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import type { Tx } from "@dawr/store";
import type { Booking, Change, Money } from "../domain/booking.ts";
import { paymentFailed, paymentSucceeded, refundSucceeded } from "../domain/settle-payment.ts";
import { parseBookingName } from "../names.ts";
import { updateBooking } from "../store/bookings.ts";

/** Learns how payments and refunds ended, and decides what follows for their bookings. (BK-02) */
export function paymentConsumer(now: () => Temporal.Instant): Consumer {
  return defineConsumer({
    name: "booking.payments",
    from: "payment",
    handlers: [
      on(PaymentSucceededSchema, (tx, { payment }) =>
        apply(tx, payment, (booking, { name, amounts }) =>
          paymentSucceeded(booking, { payment: name, ...moneyOf(amounts?.total) }, now()),
        ),
      ),
      on(PaymentFailedSchema, (tx, { payment }) =>
        apply(tx, payment, (booking, { name }) => paymentFailed(booking, name, now())),
      ),
      on(RefundSucceededSchema, (tx, { payment }) =>
        apply(tx, payment, (booking, { name }) => refundSucceeded(booking, name, now())),
      ),
    ],
  });
}

function moneyOf(money: PaymentAmounts["total"]): Money {
  if (money === undefined) throw new UnprocessableEvent("the event names no amount");
  return { amountMinor: money.amountMinor, currencyCode: money.currencyCode };
}

async function apply(
  tx: Tx,
  payment: Payment | undefined,
  decide: (booking: Booking, payment: Payment) => Change | undefined,
): Promise<void> {
  if (payment === undefined) throw new UnprocessableEvent("the event names no payment");
  // Payments of orders are not ours.
  if (payment.booking === "") return;
  const key = parseBookingName(payment.booking);
  const booking = await updateBooking(tx, key, "services/payment", (current) => decide(current, payment));
  if (booking === undefined) throw new UnprocessableEvent(`there is no ${payment.booking}`);
}
