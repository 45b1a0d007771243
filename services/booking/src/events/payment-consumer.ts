import { type Consumer, defineConsumer, on, UnprocessableEvent } from "@dawr/events";
import {
  PaymentFailedSchema,
  PaymentSucceededSchema,
  RefundFailedSchema,
  RefundSucceededSchema,
} from "@dawr/gen/dawr/payment/v1/events_pb.js";
import type { Payment } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import type { Tx } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { Booking, Change, Money } from "../domain/booking.ts";
import { paymentFailed, paymentSucceeded } from "../domain/settle-payment.ts";
import { type RefundNews, refundFailed, refundSucceeded } from "../domain/settle-refund.ts";
import { parseBookingName } from "../names.ts";
import { updateBooking } from "../store/bookings.ts";

/** What learning of payments needs. */
export type PaymentConsumerDeps = { readonly now: () => Temporal.Instant; readonly log: Logger };

/** Learns how payments and refunds ended, and decides what follows for their bookings. (BK-02, PY-07) */
export function paymentConsumer({ now, log }: PaymentConsumerDeps): Consumer {
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
        apply(tx, payment, (booking, told) => refundSucceeded(booking, newsOf(told), now())),
      ),
      on(RefundFailedSchema, async (tx, { payment, refund }) => {
        await apply(tx, payment, (booking, told) => refundFailed(booking, newsOf(told), now()));
        // Of orders, whoever has them says so.
        if (payment?.booking)
          log.error({ booking: payment.booking, payment: payment.name, refund: refund?.name }, refundFailedText);
      }),
    ],
  });
}

const refundFailedText = "a refund failed; somebody has to refund it by hand";

function newsOf({ name, refunded, refunding }: Payment): RefundNews {
  const { amountMinor: doneMinor, currencyCode } = moneyOf(refunded);
  return { payment: name, currencyCode, doneMinor, underWayMinor: refunding?.amountMinor ?? 0n };
}

function moneyOf(money: Payment["refunded"]): Money {
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
